// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>

#include "firewall/io/await.hpp"

namespace agentbox::firewall::io {

/// Waits for two sockets at once. They must outlive each wait() only: an operation that a wait() leaves pending ends
/// without an effect when the socket gets bytes or is closed.
class EitherReadable {
public:
  EitherReadable(asio::ip::tcp::socket& first, asio::ip::tcp::socket& second);

  /// Waits until the first socket can be read, has failed or was closed, or the second, if `second_too`. May return
  /// early.
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
