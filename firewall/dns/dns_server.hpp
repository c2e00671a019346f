// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <asio/ip/udp.hpp>
#include <memory>

#include "firewall/dns/stub.hpp"
#include "firewall/io/accept_loop.hpp"

namespace agentbox::firewall::dns {

/// The stub's sockets: 127.0.0.1:53, UDP and TCP. Exactly that address, because responses from a wildcard socket could
/// have another source address.
class DnsServer {
public:
  /// Binds. Throws support::Error(failed).
  DnsServer(asio::io_context& context, DnsStub& stub);
  ~DnsServer();
  DnsServer(const DnsServer&) = delete;
  DnsServer& operator=(const DnsServer&) = delete;

  void start();

private:
  struct Batch;

  asio::awaitable<void> udp_loop();
  asio::awaitable<void> tcp_session(std::shared_ptr<asio::ip::tcp::socket> shared, std::shared_ptr<const void> counted);
  void admit(support::Fd connection);

  asio::io_context& m_context;
  DnsStub& m_stub;
  asio::ip::udp::socket m_udp;
  asio::ip::tcp::acceptor m_tcp;
  std::shared_ptr<const void> m_tcp_sessions =
      std::make_shared<char>(); ///< each holds a reference, and may outlive the server
  std::unique_ptr<Batch> m_batch;
};

} // namespace agentbox::firewall::dns
