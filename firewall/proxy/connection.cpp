// SPDX-License-Identifier: Apache-2.0
// GCC 12 destroys temporaries in co_await expressions twice, so results are stored in named variables.
#include "firewall/proxy/connection.hpp"

#include <algorithm>
#include <cstddef>
#include <exception>

#include "firewall/http/request_head.hpp"
#include "firewall/io/stream.hpp"
#include "firewall/proxy/sender.hpp"
#include "firewall/tls/second_hello.hpp"

namespace agentbox::firewall::proxy {
namespace {

using asio::ip::tcp;

std::uint64_t milliseconds_since(Connection::Clock::time_point start) {
  const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(Connection::Clock::now() - start);
  return static_cast<std::uint64_t>(elapsed.count());
}

void close_sending(tcp::socket& socket) {
  std::error_code ignored;
  socket.shutdown(tcp::socket::shutdown_send, ignored);
}

void keep_alive(tcp::socket& socket) {
  std::error_code ignored;
  socket.set_option(asio::socket_base::keep_alive(true), ignored);
}

} // namespace

Connection::Connection(ProxyServices& services, tcp::socket client)
    : m_services(services), m_client(std::move(client)), m_upstream(m_client.get_executor()),
      m_phase(Reading{m_started + services.limits.handshake}) {
  m_record.kind = audit::Kind::connect;
  m_record.protocol = "tcp";
}

asio::awaitable<void> Connection::run() {
  const auto self = shared_from_this();
  try {
    co_await serve();
  } catch (const std::exception& error) { // out of memory or descriptors: this connection ends, the others continue
    stop(audit::Reason::internal, error.what());
  }
}

asio::awaitable<void> Connection::serve() {
  Opening opening;
  std::string surplus; // read from the server before the relay starts
  const std::optional<Denial> denial = co_await open(opening, surplus);
  if (denial) {
    note(*denial);
    co_await send_denial(*denial, opening.first);
    end(true);
    co_return;
  }
  if (!enter(relaying())) {
    co_return;
  }
  const FlowEnd sent = co_await send_first(opening.first, opening.budget);
  bool second_hello = false;
  if (sent == FlowEnd::end_of_stream && checks_server_names(opening)) {
    enter(AwaitingServer{Clock::now() + m_services.limits.idle, !opening.held.empty()});
    second_hello = co_await server_asks_again(surplus);
    if (!enter(relaying())) {
      co_return;
    }
  }
  asio::co_spawn(m_client.get_executor(), download(std::move(surplus), opening.rest.has_value()),
                 [self = shared_from_this()](const std::exception_ptr& failure) {
                   if (failure) {
                     self->stop(audit::Reason::internal);
                   }
                 });
  co_await upload(opening, sent, second_hello);
}

asio::awaitable<std::optional<Denial>> Connection::open(Opening& opening, std::string& surplus) {
  std::optional<Denial> denial = identify(opening);
  if (denial) {
    co_return denial;
  }
  std::optional<Denial> checked = co_await check(opening);
  if (checked) {
    co_return checked;
  }
  std::optional<Denial> unreached = co_await dial(opening, surplus);
  if (unreached || is_over() || opening.check != Check::detect) {
    co_return unreached;
  }
  co_return co_await inspect_first_bytes(opening, surplus);
}

asio::awaitable<std::optional<Denial>> Connection::dial(Opening& opening, std::string& surplus) {
  enter(Dialling{Clock::now() + k_dial_time});
  opening.target.speaks_second = !opening.first.empty();
  Reached reached = co_await reach(m_services, opening.target);
  if (is_over()) {
    co_return std::nullopt;
  }
  if (!reached.address.empty()) {
    m_record.address = std::move(reached.address);
  }
  if (!reached.socket) {
    const auto verdict = reached.denied ? audit::Verdict::deny : audit::Verdict::allow;
    co_return Denial{reached.reason, std::move(reached.detail), DenialReply::reset, verdict};
  }
  m_upstream = std::move(*reached.socket);
  surplus = std::move(reached.surplus);
  note_allowed();
  co_return std::nullopt;
}

Connection::Relaying Connection::relaying() const {
  return {m_services.limits.idle, Clock::now() + m_services.limits.idle};
}

// A server may ask for a second ClientHello (HelloRetryRequest), and may use the name in that one (OpenSSL does).
asio::awaitable<bool> Connection::server_asks_again(std::string& surplus) {
  std::optional<bool> again;
  while (!(again = tls::asks_again(surplus))) {
    if (co_await io::receive(m_upstream, surplus) != io::Received::bytes) {
      co_return false; // the download will notice it too
    }
  }
  co_return *again;
}

/// Copies from the box to the server. `sent` is how sending the first bytes ended.
asio::awaitable<void> Connection::upload(Opening& opening, FlowEnd sent, bool second_hello) {
  FlowEnd end = sent;
  if (end == FlowEnd::end_of_stream && second_hello) {
    end = co_await send_second_hello(opening);
  } else if (end == FlowEnd::end_of_stream) {
    end = co_await send_first(opening.held, opening.budget);
  }
  if (end == FlowEnd::end_of_stream && opening.check == Check::long_word) {
    end = co_await send_long_word(opening);
  }
  if (end == FlowEnd::end_of_stream) {
    const Flow flow{m_client, m_upstream, m_record.bytes_up, m_active, opening.rest, opening.budget};
    end = co_await pump(flow, m_services.pipes);
  }
  if (end == FlowEnd::over_budget && !is_over()) {
    note(over_budget());
    end = FlowEnd::broken;
  }
  if (end == FlowEnd::end_of_stream) {
    close_sending(m_upstream);
  } else if (end == FlowEnd::limit_reached) {
    const bool closed = co_await discard(m_client); // discard a second request on this connection
    end = closed ? end : FlowEnd::broken;
  }
  direction_ended(end == FlowEnd::broken);
}

/// Sends `bytes`, which were read to decide, and clears them.
asio::awaitable<FlowEnd> Connection::send_first(std::string& bytes, std::uint64_t* budget) {
  const std::string buffer = std::exchange(bytes, {});
  if (buffer.empty()) {
    co_return FlowEnd::end_of_stream;
  }
  if (budget != nullptr) {
    if (*budget < buffer.size()) {
      co_return FlowEnd::over_budget;
    }
    *budget -= buffer.size(); // before sending, because other connections share the budget
  }
  const std::size_t sent = co_await io::send_all(m_upstream, buffer);
  m_record.bytes_up += sent;
  co_return sent < buffer.size() ? FlowEnd::broken : FlowEnd::end_of_stream;
}

/// Copies from the server to the box.
asio::awaitable<void> Connection::download(std::string surplus, bool one_request) {
  const auto self = shared_from_this();
  FlowEnd end = FlowEnd::end_of_stream;
  if (!surplus.empty()) {
    const std::size_t sent = co_await io::send_all(m_client, surplus);
    m_record.bytes_down += sent;
    end = sent < surplus.size() ? FlowEnd::broken : end;
  }
  if (end != FlowEnd::broken) {
    const Flow flow{m_upstream, m_client, m_record.bytes_down, m_active};
    end = co_await pump(flow, m_services.pipes);
  }
  if (end == FlowEnd::end_of_stream) {
    close_sending(m_client);
  }
  direction_ended(end == FlowEnd::broken);
  if (one_request) {
    enter(Closing{Clock::now() + k_reply_time});
  }
}

void Connection::direction_ended(bool broken) {
  auto* const relaying = std::get_if<Relaying>(&m_phase);
  if (broken || relaying == nullptr || --relaying->directions == 0) {
    end(broken);
    return;
  }
  relaying->idle_limit = m_services.limits.half_closed_idle;
  relaying->deadline = Clock::now() + relaying->idle_limit;
}

asio::awaitable<bool> Connection::read_more(std::string& into) {
  co_return co_await io::receive(m_client, into) == io::Received::bytes;
}

asio::awaitable<void> Connection::send_denial(const Denial& denial, std::string& received) {
  if (denial.reply == DenialReply::reset || !enter(Reading{Clock::now() + k_reply_time})) {
    co_return;
  }
  if (received.empty()) { // wait for the client first: replying early looks like a broken server
    co_await read_more(received);
  }
  std::string message;
  if (denial.reply == DenialReply::page) {
    message = http::denial_response(m_services.box, m_record.name, m_record.port, m_record.text);
  } else if (tls::parse_client_hello(received).state != tls::ClientHello::State::invalid) {
    message = tls::access_denied_alert();
  }
  if (received.empty() || message.empty() || !enter(Reading{Clock::now() + k_reply_time})) {
    co_return;
  }
  if (co_await io::send_all(m_client, message) == message.size()) {
    close_sending(m_client);
    co_await discard(m_client); // closing with unread data would send RST and could drop the message
  }
}

void Connection::note(const Denial& denial) {
  m_record.verdict = denial.verdict;
  m_record.by = denial.by;
  m_record.reason = denial.reason;
  m_record.text = audit::describe(denial.reason, denial.detail);
}

void Connection::note_allowed() {
  m_record.verdict = audit::Verdict::allow;
  m_record.reason = audit::Reason::allowed;
  m_record.text.clear();
}

void Connection::tick(Clock::time_point now) {
  std::visit([&](auto& phase) { tick_phase(phase, now); }, m_phase);
}

void Connection::tick_phase(Reading& phase, Clock::time_point now) {
  if (now >= phase.deadline) {
    stop(audit::Reason::too_slow);
  }
}

void Connection::tick_phase(Dialling& phase, Clock::time_point now) {
  if (now >= phase.deadline) {
    stop(audit::Reason::upstream_connect, "timed out");
  }
}

// The kernel is asked about the client once a second, so that watching it costs a connection nothing.
void Connection::tick_phase(AwaitingServer& phase, Clock::time_point now) {
  keep_alive(m_upstream);
  const Sender client = sender_of(m_client.native_handle());
  if (client == Sender::gone) {
    stop(audit::Reason::client_gone);
    return;
  }
  if (client == Sender::done && !phase.client_done) {
    phase.client_done = true;
    Clock::duration limit = m_services.limits.half_closed_idle;
    if (!phase.client_has_more) { // only an alert or the server's first flight is left to come
      close_sending(m_upstream);
      limit = m_services.limits.handshake;
    }
    phase.deadline = std::min(phase.deadline, now + limit);
  }
  if (now < phase.deadline) {
    return;
  }
  stop(phase.client_done ? audit::Reason::client_gone : audit::Reason::idle);
}

void Connection::tick_phase(Relaying& phase, Clock::time_point now) {
  if (!phase.kept_alive) { // deferred: few connections live long enough
    keep_alive(m_upstream);
    phase.kept_alive = true;
  }
  if (std::exchange(m_active, false)) {
    phase.deadline = now + phase.idle_limit;
  } else if (now >= phase.deadline) {
    stop(audit::Reason::idle);
  }
}

void Connection::tick_phase(Closing& phase, Clock::time_point now) {
  if (now >= phase.deadline) {
    end(false);
  }
}

void Connection::tick_phase(Over& /*phase*/, Clock::time_point /*now*/) {}

void Connection::recheck() {
  if (!m_entry || is_over() || !is_in_force()) {
    return;
  }
  if (const auto decision = m_services.directory.decide(m_record.name, m_record.port); !decision.allowed()) {
    stop(audit::Reason::revoked, decision.rule.empty() ? "the grant expired" : decision.rule + " is denied");
  }
}

void Connection::stop(audit::Reason reason, std::string_view detail) noexcept {
  if (is_in_force()) {
    m_record.reason = reason;
    try {
      m_record.text = audit::describe(reason, detail);
    } catch (const std::exception&) { // out of memory for the text: end the connection anyway
      m_record.text.clear();
    }
  }
  end(true);
}

void Connection::end(bool reset) noexcept {
  if (is_over()) {
    return;
  }
  m_phase = Over{};
  std::error_code ignored;
  for (tcp::socket* const socket : {&m_client, &m_upstream}) {
    if (reset && socket->is_open()) {
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
