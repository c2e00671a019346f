// SPDX-License-Identifier: Apache-2.0
// Detects TLS and HTTP on ports that may carry any protocol: both must name the host there as well.
#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <string>
#include <sys/socket.h>
#include <sys/types.h>
#include <utility>

#include "firewall/http/request_head.hpp"
#include "firewall/io/either_readable.hpp"
#include "firewall/io/stream.hpp"
#include "firewall/proxy/connection.hpp"
#include "firewall/proxy/first_bytes.hpp"

namespace agentbox::firewall::proxy {
namespace {

using asio::ip::tcp;

/// The received but unread part of a word that continues.
struct WordPart {
  std::size_t size = 0;
  bool ended = false;     ///< `size` is 0, and another character, or the end of the stream or connection, follows
  bool is_method = false; ///< `size` is 0, and a blank follows
};

WordPart peek_word(int fd) {
  std::string bytes(std::size_t{256} << 10U, '\0');
  const ssize_t got = ::recv(fd, bytes.data(), bytes.size(), MSG_PEEK | MSG_DONTWAIT);
  if (got <= 0) {
    return {0, got == 0 || !io::would_block(errno)};
  }
  bytes.resize(static_cast<std::size_t>(got));
  const auto end = std::find_if_not(bytes.begin(), bytes.end(), http::is_token_character);
  const auto size = static_cast<std::size_t>(end - bytes.begin());
  return {size, size == 0, size == 0 && (*end == ' ' || *end == '\t')};
}

} // namespace

/// Forwards to the client what the server sent before the client sent anything.
asio::awaitable<bool> Connection::relay_greeting(const std::string& greeting) {
  const std::size_t sent = co_await io::send_all(m_client, greeting);
  m_record.bytes_down += sent;
  m_active = true;
  co_await io::yield();
  co_return sent == greeting.size();
}

/// Relays the server's data until the client's protocol is known, or the client has sent all its data. Returns false if
/// the connection broke.
asio::awaitable<bool> Connection::await_first_bytes(Opening& opening, std::string& surplus) {
  io::EitherReadable readable(m_client, m_upstream);
  std::string greeting = std::exchange(surplus, {});
  bool server_open = true;
  for (;;) {
    if (!greeting.empty() && !co_await relay_greeting(greeting)) {
      co_return false;
    }
    greeting.clear();
    const auto from_client = io::receive_now(m_client, opening.first);
    if (from_client == io::Received::end_of_stream || from_client == io::Received::failed) {
      co_return from_client == io::Received::end_of_stream;
    }
    if (from_client) {
      m_active = true;
      if (classify_first_bytes(opening.first) != FirstBytes::undecided) {
        co_return true;
      }
    }
    const auto from_server = server_open ? io::receive_now(m_upstream, greeting) : std::nullopt;
    if (from_server == io::Received::failed) {
      co_return false;
    }
    if (from_server == io::Received::end_of_stream) {
      server_open = false;
      if (auto* const inspecting = std::get_if<Inspecting>(&m_phase)) {
        inspecting->relaying.idle_limit = m_services.limits.half_closed_idle;
      }
      m_active = true;
      std::error_code ignored;
      m_client.shutdown(tcp::socket::shutdown_send, ignored);
    }
    if (!from_client && !from_server) {
      co_await readable.wait(server_open);
    }
  }
}

/// Checks the client's first bytes by the rules for TLS or HTTP if they begin like one of them.
asio::awaitable<std::optional<Denial>> Connection::inspect_first_bytes(Opening& opening, std::string& surplus) {
  enter(Inspecting{relaying(), &opening, 0});
  const bool whole = co_await await_first_bytes(opening, surplus);
  if (is_over()) {
    co_return std::nullopt;
  }
  if (!whole) {
    end(true);
    co_return std::nullopt;
  }
  std::optional<Denial> denial;
  m_record.verdict = audit::Verdict::deny; // until it is checked
  m_record.reason = audit::Reason::none;
  enter(Reading{Clock::now() + m_services.limits.handshake});
  switch (classify_first_bytes(opening.first)) {
  case FirstBytes::tls: {
    opening.check = Check::hello;
    denial = co_await check_hello(opening);
    break;
  }
  case FirstBytes::http: {
    opening.check = Check::head;
    denial = co_await check_head(opening);
    break;
  }
  case FirstBytes::long_word: opening.check = Check::long_word; break;
  case FirstBytes::undecided:
  case FirstBytes::other: opening.check = Check::none; break;
  }
  if (!denial && !is_over()) {
    note_allowed();
    opening.first.erase(0, std::exchange(opening.sent, 0)); // no more than a part of the request line
  }
  co_return denial;
}

/// Sends the rest of the client's first word. If it is an HTTP method, the connection ends here.
asio::awaitable<FlowEnd> Connection::send_long_word(Opening& opening) {
  for (;;) {
    const WordPart part = peek_word(m_client.native_handle());
    if (part.is_method) {
      note(Denial{audit::Reason::bad_request, "its method is too long"});
      co_return FlowEnd::broken;
    }
    if (part.ended) {
      co_return FlowEnd::end_of_stream; // of the word; what follows is not checked
    }
    if (part.size == 0) {
      if (!co_await io::wait(m_client, tcp::socket::wait_read)) {
        co_return FlowEnd::broken;
      }
      continue;
    }
    const Flow flow{m_client, m_upstream, m_record.bytes_up, m_active, part.size, opening.budget};
    const FlowEnd end = co_await pump(flow, m_services.pipes);
    if (end != FlowEnd::limit_reached) {
      co_return end;
    }
  }
}

/// Sends the held-back part of the client's first bytes, so that a client of another protocol does not wait forever. No
/// server acts on it alone.
void Connection::send_undecided(Opening& opening) {
  const std::size_t size = opening.first.size() - opening.sent;
  if (size == 0 || (opening.budget != nullptr && *opening.budget < size)) {
    return;
  }
  const ssize_t sent =
      ::send(m_upstream.native_handle(), opening.first.data() + opening.sent, size, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent <= 0) {
    return; // it is sent with the rest, or the rest fails too
  }
  opening.sent += static_cast<std::size_t>(sent);
  m_record.bytes_up += static_cast<std::uint64_t>(sent);
  if (opening.budget != nullptr) {
    *opening.budget -= static_cast<std::uint64_t>(sent);
  }
}

void Connection::tick_phase(Inspecting& phase, Clock::time_point now) {
  const std::size_t size = phase.opening->first.size();
  if (std::exchange(phase.seen, size) == size) { // a second of silence
    send_undecided(*phase.opening);
  }
  tick_phase(phase.relaying, now);
}

} // namespace agentbox::firewall::proxy
