// SPDX-License-Identifier: Apache-2.0
#include "firewall/proxy/session.hpp"

#include <algorithm>
#include <array>
#include <asio/write.hpp>
#include <cstddef>
#include <exception>
#include <fmt/format.h>
#include <utility>

#include "firewall/http/request_head.hpp"
#include "firewall/proxy/original_destination.hpp"
#include "firewall/proxy/relay.hpp"
#include "firewall/proxy/sender.hpp"
#include "firewall/tls/second_hello.hpp"

namespace agentbox::firewall::proxy {
namespace {

using asio::ip::tcp;

constexpr std::uint16_t k_http = 80;
constexpr std::chrono::seconds k_farewell_time{1}; // for the client to read why, before the connection is cut

std::uint64_t milliseconds_since(Session::Clock::time_point start) {
  const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(Session::Clock::now() - start);
  return static_cast<std::uint64_t>(elapsed.count());
}

std::string refusal_text(const policy::EgressDecision& decision) {
  if (decision.verdict == policy::EgressDecision::Verdict::blocked) {
    return fmt::format("the rule {} blocks it", decision.rule);
  }
  return decision.rule.empty() ? "no entry of the list of hosts covers this name and port"
                               : fmt::format("the entry {} does not allow this port", decision.rule);
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

bool Session::identify() {
  const auto destination = original_destination(m_client.native_handle());
  if (!destination) {
    return deny("no-name", "the connection was not redirected by the firewall's rules");
  }
  m_record.port = m_target.port = destination->port;
  const auto four = policy::is_v4(destination->address) ? policy::embedded4(destination->address) : std::nullopt;
  m_entry = four ? m_services.directory.at(*four) : nullptr;
  if (m_entry) {
    m_target.kind = m_entry->name == policy::k_host_name ? Target::Kind::host : Target::Kind::name;
    m_record.name = m_target.name = m_entry->name;
    return true;
  }
  m_target.kind = Target::Kind::address;
  m_target.address = destination->address;
  m_record.address = policy::address_text(destination->address);
  m_record.rule = m_services.directory.decide_address(destination->address, destination->port).rule;
  return !m_record.rule.empty() || deny("no-name", "no name has this address");
}

policy::EgressDecision Session::decide() const {
  return m_target.kind == Target::Kind::address ? m_services.directory.decide_address(m_target.address, m_record.port)
                                                : m_services.directory.decide(m_record.name, m_record.port);
}

asio::awaitable<bool> Session::check_policy() {
  const auto decision = decide();
  m_record.rule = decision.rule;
  // An address, or the developer's own machine, has no name that TLS or HTTP could agree with.
  const bool named = m_target.kind == Target::Kind::name;
  const bool https = named && m_record.port == policy::k_https_port;
  const bool http = named && m_record.port == k_http;
  if (!decision.allowed()) {
    deny(policy::verdict_text(decision.verdict), refusal_text(decision),
         https ? Farewell::alert : (http ? Farewell::page : Farewell::reset));
    if (https || http) { // an answer before the question would be taken for a broken server
      m_deadline = Clock::now() + k_farewell_time;
      co_await read_more();
    }
    co_return false;
  }
  if (!m_services.log.healthy() && !m_services.log.recover()) {
    co_return deny("no-audit", "the audit log cannot be written (is the host's disk full?)");
  }
  if (!check_budget()) {
    co_return false;
  }
  if (https) {
    co_return co_await check_hello();
  }
  if (http) {
    co_return co_await check_head();
  }
  co_return true;
}

asio::awaitable<bool> Session::check_hello() {
  for (;;) {
    if (!co_await read_more()) {
      co_return deny("no-hello", "the connection ended before a whole TLS ClientHello came");
    }
    const auto hello = tls::parse_client_hello(m_buffer);
    if (hello.state == tls::ClientHello::State::invalid) {
      co_return deny("not-tls", std::string(hello.problem));
    }
    if (hello.state == tls::ClientHello::State::complete) {
      m_held = m_buffer.substr(hello.size);
      m_buffer.resize(hello.size);
      co_return check_server_name(hello);
    }
  }
}

bool Session::check_server_name(const tls::ClientHello& hello) {
  const bool lenient = m_services.directory.ech_allowed(m_record.name);
  if (hello.encrypted) {
    return lenient || deny("ech", "the ClientHello hides the name it asks for (ECH)", Farewell::alert);
  }
  if (!hello.has_sni) {
    return lenient || deny("sni-missing", "the ClientHello names no host (no SNI)", Farewell::alert);
  }
  if (policy::canonical_name(hello.sni) != m_record.name) {
    return deny("sni-mismatch", fmt::format("the ClientHello asks for another host: {}", hello.sni), Farewell::alert);
  }
  return true;
}

asio::awaitable<bool> Session::check_head() {
  http::RequestHead head;
  while (head.state == http::RequestHead::State::incomplete) {
    if (!co_await read_more()) {
      co_return deny("no-request", "the connection ended before a whole HTTP request came");
    }
    head = http::parse_request_head(m_buffer);
  }
  if (head.state == http::RequestHead::State::invalid) {
    co_return deny("bad-request", std::string(head.problem), Farewell::page);
  }
  if (policy::canonical_name(head.host) != m_record.name) {
    co_return deny("host-mismatch", fmt::format("the request asks for another host: {}", head.host), Farewell::page);
  }
  // The head as rewritten, what is there of the body, and later the rest of it. Nothing behind it.
  const std::string_view rest = std::string_view(m_buffer).substr(head.size);
  const std::size_t body = std::min<std::uint64_t>(rest.size(), head.body);
  m_upload_limit = head.body - body;
  head.forward += rest.substr(0, body);
  m_buffer = std::move(head.forward);
  co_return true;
}

bool Session::check_budget() {
  const auto limit = m_services.directory.upload_limit(m_record.name, m_record.rule);
  if (!limit) {
    return true;
  }
  m_budget = &m_services.uploads.of(*limit);
  return *m_budget > 0 || over_budget();
}

bool Session::over_budget() {
  const auto limit = m_services.directory.upload_limit(m_record.name, m_record.rule);
  return deny("upload-limit", fmt::format("a session may send {} bytes to {}, and they are used up",
                                          limit ? limit->bytes : 0, limit ? limit->pattern : m_record.name));
}

asio::awaitable<bool> Session::connect() {
  m_deadline = Clock::time_point::max(); // resolver, dialler and upstream proxy have limits of their own
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
  std::array<char, 2048> buffer{};
  std::optional<bool> again;
  while (!(again = tls::asks_again(m_surplus))) {
    const auto [error, size] = co_await m_upstream->async_read_some(asio::buffer(buffer), io::k_await);
    if (error || size == 0) {
      co_return false; // the download will see it as well
    }
    m_surplus.append(buffer.data(), size);
  }
  co_return *again;
}

asio::awaitable<FlowEnd> Session::check_second_hello() {
  auto hello = tls::parse_second_hello(m_buffer);
  while (hello.state == tls::ClientHello::State::incomplete) {
    if (!co_await read_more()) {
      co_return FlowEnd::broken;
    }
    hello = tls::parse_second_hello(m_buffer);
  }
  const bool same = hello.state == tls::ClientHello::State::complete ? check_server_name(hello)
                                                                     : deny("not-tls", std::string(hello.problem));
  if (!same || m_over) {
    co_return FlowEnd::broken;
  }
  co_return co_await send_buffer();
}

/// Whether what TLS says of the host is what decides.
bool Session::checks_server_names() const {
  return m_target.kind == Target::Kind::name && m_record.port == policy::k_https_port &&
         !m_services.directory.ech_allowed(m_record.name);
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
  const auto [error, size] = co_await asio::async_write(*m_upstream, asio::buffer(buffer), io::k_await);
  m_record.bytes_up += size;
  co_return error ? FlowEnd::broken : FlowEnd::end_of_stream;
}

asio::awaitable<void> Session::download() {
  FlowEnd end = FlowEnd::end_of_stream;
  if (!m_surplus.empty()) {
    const auto [error, size] = co_await asio::async_write(m_client, asio::buffer(m_surplus), io::k_await);
    m_record.bytes_down += size;
    end = error ? FlowEnd::broken : end;
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
  constexpr std::size_t k_step = 4096;
  const std::size_t have = m_buffer.size();
  m_buffer.resize(have + k_step);
  const auto [error, size] =
      co_await m_client.async_read_some(asio::buffer(m_buffer.data() + have, k_step), io::k_await);
  m_buffer.resize(have + (error ? 0 : size));
  co_return !error && size > 0;
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
  const auto [error, size] = co_await asio::async_write(m_client, asio::buffer(message), io::k_await);
  if (!error && size > 0) {
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
  m_services.log.write(m_record);
  if (m_ended) {
    m_ended();
  }
}

} // namespace agentbox::firewall::proxy
