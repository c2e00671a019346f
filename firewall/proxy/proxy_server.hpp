// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <list>
#include <memory>

#include "firewall/io/accept_loop.hpp"
#include "firewall/proxy/connection.hpp"
#include "firewall/proxy/services.hpp"

namespace agentbox::firewall::proxy {

/// The transparent proxy: accepts the connections that the ruleset redirects, and enforces their time limits.
class ProxyServer {
public:
  /// Binds 127.0.0.1:k_proxy_port, and [::1] as well when `six` and the box has IPv6. Throws support::Error(failed).
  ProxyServer(asio::io_context& context, ProxyServices& services, bool six = false);

  void start();

  /// Ends every connection and writes its record.
  void stop();

  /// Ends the connections that the changed rules no longer allow.
  void recheck();

private:
  asio::awaitable<void> tick_loop();
  void admit(support::Fd connection, asio::ip::tcp protocol);
  void refuse(support::Fd connection);

  asio::io_context& m_context;
  ProxyServices& m_services;
  asio::ip::tcp::acceptor m_acceptor;
  asio::ip::tcp::acceptor m_acceptor6; ///< open only if IPv6 addresses are listed
  asio::steady_timer m_timer;
  std::list<std::shared_ptr<Connection>> m_connections;
  bool m_ticking = false;
};

} // namespace agentbox::firewall::proxy
