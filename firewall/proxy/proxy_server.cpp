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
  // SO_REUSEADDR because of a predecessor's connections in TIME_WAIT. Never SO_REUSEPORT: the agent has the same UID
  // and could join.
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

ProxyServer::ProxyServer(asio::io_context& context, ProxyServices& services, bool six)
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
    // Without IPv6 in the box there are no connections to accept.
    if (error != std::errc::address_not_available && error != std::errc::address_family_not_supported) {
      cannot_listen(loopback6, error);
    }
  }
}

void ProxyServer::start() {
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

void ProxyServer::stop() {
  std::error_code ignored;
  m_acceptor.close(ignored);
  m_acceptor6.close(ignored);
  m_timer.cancel();
  while (!m_connections.empty()) { // each removes itself from the list
    const auto connection = m_connections.front();
    connection->stop(audit::Reason::box_stopped);
  }
}

void ProxyServer::recheck() {
  for (auto place = m_connections.begin(); place != m_connections.end();) {
    const auto connection = *place++; // it may remove itself from the list
    try {
      connection->recheck();
    } catch (const std::exception& error) { // without memory to decide, it is not allowed
      connection->stop(audit::Reason::revoked, error.what());
    }
  }
}

void ProxyServer::admit(support::Fd connection, tcp protocol) {
  if (m_connections.size() >= m_services.limits.connections) {
    refuse(std::move(connection));
    return;
  }
  tcp::socket client(m_context);
  client.assign(protocol, connection.get());
  connection.release();
  m_connections.push_back(std::make_shared<Connection>(m_services, std::move(client)));
  const auto place = std::prev(m_connections.end());
  try {
    (*place)->on_end([this, place] { m_connections.erase(place); });
    if (!m_ticking) {
      io::keep_running(m_context, [this] { return tick_loop(); });
      m_ticking = true;
    }
    asio::co_spawn(m_context, (*place)->run(), asio::detached);
  } catch (const std::exception&) {
    m_connections.erase(place);
    throw;
  }
}

void ProxyServer::refuse(support::Fd connection) {
  const linger reset{1, 0};
  ::setsockopt(connection.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  audit::AuditRecord record;
  record.kind = audit::Kind::connect;
  record.protocol = "tcp";
  record.reason = audit::Reason::too_many_connections;
  record.text = audit::describe(record.reason);
  m_services.log.write(std::move(record));
}

/// Runs only while there are connections, so that an idle box never wakes up.
asio::awaitable<void> ProxyServer::tick_loop() {
  while (!m_connections.empty()) {
    m_timer.expires_after(k_tick);
    const auto [error] = co_await m_timer.async_wait(io::k_await);
    if (error) {
      break;
    }
    const auto now = Connection::Clock::now();
    for (auto place = m_connections.begin(); place != m_connections.end();) {
      const auto connection = *place++; // it may remove itself from the list
      connection->tick(now);
    }
  }
  m_services.log.flush();
  m_ticking = false;
}

} // namespace agentbox::firewall::proxy
