// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>

#include "firewall/io/await.hpp"

namespace agentbox::firewall::io {

/// Waits for two sockets at the same time. They need only outlive each wait(): an operation that a wait() leaves
/// pending ends without effect when its socket becomes readable or is closed.
class EitherReadable {
public:
  EitherReadable(asio::ip::tcp::socket& first, asio::ip::tcp::socket& second);

  /// Waits until the first socket, or with `second_too` either socket, can be read, has failed or was closed. May
  /// return early.
  asio::awaitable<void> wait(bool second_too);

private:
  struct Waiting {
    explicit Waiting(const asio::any_io_executor& executor);
    bool first = false; ///< a wait for it is pending
    bool second = false;
    asio::steady_timer readable; ///< never expires; cancelled to wake the waiter
  };
  void start(asio::ip::tcp::socket& socket, bool Waiting::*pending);

  asio::ip::tcp::socket& m_first;
  asio::ip::tcp::socket& m_second;
  std::shared_ptr<Waiting> m_waiting;
};

} // namespace agentbox::firewall::io
