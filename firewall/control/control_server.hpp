// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <asio/local/stream_protocol.hpp>
#include <cstddef>
#include <filesystem>
#include <memory>

#include "firewall/control/controller.hpp"
#include "firewall/io/accept_loop.hpp"

namespace agentbox::firewall::control {

/// The Unix socket through which the user's agentbox changes a running box. No other process can: its directory is
/// mounted into the firewall's container only, its mode is 0600, and the peer must be the firewall's own user
/// (SO_PEERCRED). Accepts at most k_max_connections at a time, one request each, with a two-second timeout.
class ControlServer {
public:
  static constexpr std::size_t k_max_connections = 16;

  /// Binds `socket`, replacing one left by an earlier run. Throws support::Error(failed).
  ControlServer(asio::io_context& context, const std::filesystem::path& socket, Controller& controller);

  void start();

private:
  using Socket = asio::local::stream_protocol::socket;

  asio::awaitable<void> expire_loop();
  asio::awaitable<void> serve(std::shared_ptr<Socket> socket, std::shared_ptr<const void> counted);
  asio::awaitable<ControlReply> answer(Socket& socket);
  void admit(support::Fd connection);

  asio::io_context& m_context;
  Controller& m_controller;
  asio::local::stream_protocol::acceptor m_acceptor;
  asio::steady_timer m_timer;
  std::shared_ptr<const void> m_connections =
      std::make_shared<char>(); ///< each holds a reference, and may outlive the server
  bool m_expiring = false;
};

} // namespace agentbox::firewall::control
