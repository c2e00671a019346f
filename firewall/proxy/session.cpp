// SPDX-License-Identifier: Apache-2.0
#include "firewall/proxy/session.hpp"

#include <algorithm>
#include <cstddef>
#include <exception>
#include <utility>

#include "firewall/http/request_head.hpp"
#include "firewall/io/stream.hpp"
#include "firewall/proxy/relay.hpp"
#include "firewall/proxy/sender.hpp"
#include "firewall/tls/second_hello.hpp"

namespace agentbox::firewall::proxy {
namespace {

using asio::ip::tcp;

std::uint64_t milliseconds_since(Session::Clock::time_point start) {
  const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(Session::Clock::now() - start);
  return static_cast<std::uint64_t>(elapsed.count());
}

} // namespace

Session::Session(Services& services, tcp::socket client)
    : m_services(services), m_client(std::move(client)), m_deadline(m_started + services.limits.handshake) {
  m_record.kind = audit::Kind::connect;
  m_record.protocol = "tcp";
}

asio::awaitable<void> Session::run() {
  const auto self = shared_from_this();
  bool connected = false;
  try {
    connected = identify() && co_await check_policy() && co_await connect();
  } catch (const std::exception& error) { // out of memory or descriptors: this connection ends, the others go on
    deny("internal", error.what());
  }
  if (!connected) {
    co_await say_farewell();
    end(true);
    co_return;
  }
  m_idle_limit = m_services.limits.idle;
  m_deadline = Clock::now() + m_idle_limit;
  m_legs = 2;
  const FlowEnd sent = co_await send_buffer();
  if (sent == FlowEnd::end_of_stream && checks_server_names()) {
    m_unanswered = true;
    m_second_hello = co_await await_retry();
    m_unanswered = false;
  }
  m_buffer = std::exchange(m_held, {});
  // A statement of its own: GCC 12 destroys a temporary twice that shares its expression with a co_await, here the
  // handler's share of this session.
  const auto executor = co_await asio::this_coro::executor;
  asio::co_spawn(executor, download(), [self](const std::exception_ptr& failure) {
    if (failure) {
      self->end(true);
    }
  });
  co_await upload(sent);
}

asio::awaitable<bool> Session::connect() {
  m_deadline = Clock::time_point::max(); // resolver, dialler and upstream proxy have limits of their own
  m_target.speaks_second = !m_buffer.empty();
  Reached reached = co_await reach(m_services, m_target);
  if (!reached.address.empty()) {
    m_record.address = std::move(reached.address);
  }
  if (!reached.socket) {
    co_return reached.denied ? deny(reached.reason, std::move(reached.text))
                             : fail(reached.reason, std::move(reached.text));
  }
  if (m_over) { // stopped in the meantime
    co_return false;
  }
  m_upstream.emplace(std::move(*reached.socket));
  m_surplus = std::move(reached.surplus);
  m_record.verdict = audit::Verdict::allow;
  m_record.reason = "allowed";
  m_record.text.clear();
  co_return true;
}

/// A server may ask for a second ClientHello, and takes the name that stands there (OpenSSL does).
asio::awaitable<bool> Session::await_retry() {
  std::optional<bool> again;
  while (!(again = tls::asks_again(m_surplus))) {
    if (co_await io::receive(*m_upstream, m_surplus) != io::Received::bytes) {
      co_return false; // the download will see it as well
    }
  }
  co_return *again;
}

/// What the client sends after its buffer, of which `end` tells how that went.
asio::awaitable<void> Session::upload(FlowEnd end) {
  if (end == FlowEnd::end_of_stream && m_second_hello) {
    end = co_await check_second_hello();
  } else if (end == FlowEnd::end_of_stream) {
    end = co_await send_buffer(); // what was held back behind a ClientHello
  }
  if (end == FlowEnd::end_of_stream) { // of the buffer
    end =
        co_await pump({m_client, *m_upstream, m_record.bytes_up, m_active, m_upload_limit, m_budget}, m_services.pipes);
  }
  if (end == FlowEnd::over_budget && !m_over) {
    over_budget();
    end = FlowEnd::broken;
  }
  if (end == FlowEnd::end_of_stream) {
    std::error_code ignored;
    m_upstream->shutdown(tcp::socket::shutdown_send, ignored);
  } else if (end == FlowEnd::limit_reached) {
    const bool closed = co_await discard(m_client); // a second request on this connection goes nowhere
    end = closed ? end : FlowEnd::broken;
  }
  leg_ended(end == FlowEnd::broken);
}

/// What was read to decide goes first.
asio::awaitable<FlowEnd> Session::send_buffer() {
  if (m_buffer.empty()) {
    co_return FlowEnd::end_of_stream;
  }
  const std::string buffer = std::exchange(m_buffer, {});
  if (m_budget != nullptr) {
    if (*m_budget < buffer.size()) {
      co_return FlowEnd::over_budget;
    }
    *m_budget -= buffer.size(); // before it is sent: other connections look at what is left meanwhile
  }
  const std::size_t sent = co_await io::send_all(*m_upstream, buffer);
  m_record.bytes_up += sent;
  co_return sent < buffer.size() ? FlowEnd::broken : FlowEnd::end_of_stream;
}

asio::awaitable<void> Session::download() {
  FlowEnd end = FlowEnd::end_of_stream;
  if (!m_surplus.empty()) {
    const std::size_t sent = co_await io::send_all(m_client, m_surplus);
    m_record.bytes_down += sent;
    end = sent < m_surplus.size() ? FlowEnd::broken : end;
  }
  if (end != FlowEnd::broken) {
    end = co_await pump({*m_upstream, m_client, m_record.bytes_down, m_active}, m_services.pipes);
  }
  if (end == FlowEnd::end_of_stream) {
    std::error_code ignored;
    m_client.shutdown(tcp::socket::shutdown_send, ignored);
  }
  leg_ended(end == FlowEnd::broken);
  if (one_request() && !m_over) {
    m_closing = true;
    m_deadline = Clock::now() + k_farewell_time;
  }
}

void Session::leg_ended(bool broken) {
  --m_legs;
  if (broken || m_legs == 0) {
    end(broken);
    return;
  }
  m_idle_limit = m_services.limits.half_closed_idle;
  m_deadline = Clock::now() + m_idle_limit;
}

asio::awaitable<bool> Session::read_more() {
  co_return co_await io::receive(m_client, m_buffer) == io::Received::bytes;
}

asio::awaitable<void> Session::say_farewell() {
  std::string message;
  if (m_farewell == Farewell::alert && !m_buffer.empty() &&
      tls::parse_client_hello(m_buffer).state != tls::ClientHello::State::invalid) {
    message = tls::access_denied_alert();
  } else if (m_farewell == Farewell::page && !m_buffer.empty()) {
    message = http::denial_response(m_services.box, m_record.name, m_record.text);
  }
  if (message.empty() || !m_client.is_open()) {
    co_return;
  }
  m_deadline = Clock::now() + k_farewell_time;
  if (co_await io::send_all(m_client, message) == message.size()) {
    std::error_code ignored;
    m_client.shutdown(tcp::socket::shutdown_send, ignored);
    co_await discard(m_client); // closed with unread bytes, the kernel would reset it and the message might be lost
  }
}

bool Session::deny(std::string_view reason, std::string text, Farewell farewell) {
  m_record.verdict = audit::Verdict::deny;
  m_record.reason = reason;
  m_record.text = std::move(text);
  m_farewell = farewell;
  return false;
}

bool Session::fail(std::string_view reason, std::string text) {
  deny(reason, std::move(text));
  m_record.verdict = audit::Verdict::allow;
  return false;
}

/// Asked of the kernel once a second, so that a wait for it costs no connection anything.
void Session::look_at_client(Clock::time_point now) {
  const Sender client = sender_of(m_client.native_handle());
  if (client == Sender::gone) {
    stop("client-gone", "the client left before the server answered");
  } else if (client == Sender::done && !m_client_done) {
    m_client_done = true;
    m_idle_limit = m_services.limits.half_closed_idle;
    auto limit = m_idle_limit;
    // All it said is a ClientHello: what is left to come is an alert, or the server's first flight.
    if (m_held.empty()) {
      std::error_code ignored;
      m_upstream->shutdown(tcp::socket::shutdown_send, ignored);
      limit = m_services.limits.handshake;
    }
    m_deadline = std::min(m_deadline, now + limit);
  }
}

void Session::tick(Clock::time_point now) {
  if (m_upstream && !m_kept_alive && !m_over) { // not from the start: few connections live long enough to need it
    std::error_code ignored;
    m_upstream->set_option(asio::socket_base::keep_alive(true), ignored);
    m_kept_alive = true;
  }
  if (m_unanswered && !m_over) {
    look_at_client(now);
  }
  if (m_active && !m_closing) {
    m_active = false;
    m_deadline = now + m_idle_limit;
    return;
  }
  if (now < m_deadline) {
    return;
  }
  if (m_closing) {
    end(false);
  } else if (m_unanswered && m_client_done) {
    stop("client-gone", "the client sent no more, and the server did not answer");
  } else if (m_upstream) {
    stop("idle", "no byte in either direction for too long");
  } else {
    stop("too-slow", "no whole ClientHello or request came in time");
  }
}

void Session::recheck() {
  const bool in_force = m_entry && !m_over && (m_record.reason.empty() || m_record.reason == "allowed");
  if (!in_force) {
    return;
  }
  if (const auto decision = m_services.directory.decide(m_record.name, m_record.port); !decision.allowed()) {
    stop("revoked", decision.rule.empty() ? "the time of the grant is over" : "cut by the rule " + decision.rule);
  }
}

void Session::stop(std::string_view reason, std::string_view text) {
  if (m_record.reason.empty() || m_record.reason == "allowed") {
    m_record.reason = reason;
    m_record.text = text;
  }
  end(true);
}

void Session::end(bool reset) {
  if (m_over) {
    return;
  }
  m_over = true;
  std::error_code ignored;
  for (tcp::socket* socket : {&m_client, m_upstream ? &*m_upstream : nullptr}) {
    if (socket == nullptr) {
      continue;
    }
    if (reset) {
      socket->set_option(asio::socket_base::linger(true, 0), ignored);
    }
    socket->close(ignored);
  }
  m_record.duration_ms = milliseconds_since(m_started);
  m_services.log.write(std::move(m_record));
  if (m_ended) {
    m_ended();
  }
}

} // namespace agentbox::firewall::proxy
