// SPDX-License-Identifier: Apache-2.0
#include "firewall/proxy/proxy_server.hpp"

#include <chrono>
#include <fmt/format.h>
#include <iterator>
#include <sys/socket.h>
#include <utility>

#include "firewall/ruleset/model.hpp"
#include "support/error.hpp"
#include "support/fd.hpp"

namespace agentbox::firewall::proxy {
namespace {

using asio::ip::tcp;

constexpr int k_backlog = 4096;
constexpr std::chrono::seconds k_tick{1};

std::error_code listen(tcp::acceptor& acceptor, const tcp::endpoint& endpoint) {
  std::error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (error) {
    return error;
  }
  // Address reuse only against connections of a predecessor that still die away. Never SO_REUSEPORT: the agent has the
  // same uid and could join.
  acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  acceptor.set_option(tcp::no_delay(true), error); // each connection inherits it
  acceptor.bind(endpoint, error);
  if (!error) {
    acceptor.listen(k_backlog, error);
  }
  if (!error) {
    acceptor.native_non_blocking(true, error);
  }
  return error;
}

[[noreturn]] void cannot_listen(const tcp::endpoint& endpoint, const std::error_code& error) {
  throw support::Error(support::ExitCode::failed,
                       fmt::format("the proxy cannot listen on {}:{}: {}", endpoint.address().to_string(),
                                   endpoint.port(), error.message()));
}

} // namespace

Server::Server(asio::io_context& context, Services& services, bool six)
    : m_context(context), m_services(services), m_acceptor(context), m_acceptor6(context), m_timer(context) {
  const tcp::endpoint four(asio::ip::address_v4::loopback(), ruleset::k_proxy_port);
  if (const auto error = listen(m_acceptor, four)) {
    cannot_listen(four, error);
  }
  if (!six) {
    return;
  }
  const tcp::endpoint loopback6(asio::ip::address_v6::loopback(), ruleset::k_proxy_port);
  if (const auto error = listen(m_acceptor6, loopback6)) {
    std::error_code ignored;
    m_acceptor6.close(ignored);
    // Without IPv6 in the box nothing can be meant for it, and nothing is opened.
    if (error != std::errc::address_not_available && error != std::errc::address_family_not_supported) {
      cannot_listen(loopback6, error);
    }
  }
}

void Server::start() {
  for (tcp::acceptor* const acceptor : {&m_acceptor, &m_acceptor6}) {
    if (acceptor->is_open()) {
      const tcp protocol = acceptor == &m_acceptor ? tcp::v4() : tcp::v6();
      io::keep_running(m_context, [this, acceptor, protocol] {
        return io::accept_loop(*acceptor,
                               [this, protocol](support::Fd connection) { admit(std::move(connection), protocol); });
      });
    }
  }
}

void Server::stop() {
  std::error_code ignored;
  m_acceptor.close(ignored);
  m_acceptor6.close(ignored);
  m_timer.cancel();
  while (!m_sessions.empty()) { // each takes itself off the list
    const auto session = m_sessions.front();
    session->stop("stopped", "the box was stopped");
  }
}

void Server::recheck() {
  for (auto place = m_sessions.begin(); place != m_sessions.end();) {
    const auto session = *place++; // it may take itself off the list
    session->recheck();
  }
}

void Server::admit(support::Fd connection, tcp protocol) {
  if (m_sessions.size() >= m_services.limits.connections) {
    refuse(std::move(connection));
    return;
  }
  tcp::socket client(m_context);
  client.assign(protocol, connection.get());
  connection.release();
  m_sessions.push_back(std::make_shared<Session>(m_services, std::move(client)));
  const auto place = std::prev(m_sessions.end());
  try {
    (*place)->on_end([this, place] { m_sessions.erase(place); });
    if (!m_ticking) {
      io::keep_running(m_context, [this] { return tick_loop(); });
      m_ticking = true;
    }
    asio::co_spawn(m_context, (*place)->run(), asio::detached);
  } catch (const std::exception&) {
    m_sessions.erase(place);
    throw;
  }
}

void Server::refuse(support::Fd connection) {
  const linger reset{1, 0};
  ::setsockopt(connection.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  audit::AuditRecord record;
  record.kind = audit::Kind::connect;
  record.protocol = "tcp";
  record.reason = "too-many";
  record.text = fmt::format("there are {} connections already", m_sessions.size());
  m_services.log.write(std::move(record));
}

/// Runs only while there are connections: an idle box does not wake up.
asio::awaitable<void> Server::tick_loop() {
  while (!m_sessions.empty()) {
    m_timer.expires_after(k_tick);
    const auto [error] = co_await m_timer.async_wait(io::k_await);
    if (error) {
      break;
    }
    const auto now = Session::Clock::now();
    for (auto place = m_sessions.begin(); place != m_sessions.end();) {
      const auto session = *place++; // a tick may take it off the list
      session->tick(now);
    }
  }
  m_services.log.flush();
  m_ticking = false;
}

} // namespace agentbox::firewall::proxy
