// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cerrno>
#include <chrono>
#include <exception>
#include <functional>
#include <sys/socket.h>
#include <utility>

#include "firewall/io/await.hpp"
#include "support/fd.hpp"

namespace agentbox::firewall::io {

/// Called with each accepted connection: non-blocking, close-on-exec.
using Admit = std::function<void(support::Fd)>;

/// Returns whether `error`, an errno of accept(2), means that the machine or the process has no room at the moment.
constexpr bool is_exhausted(int error) noexcept {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/// Accepts all waiting connections, but at most 64, so that other coroutines have their turn. Returns false if there is
/// no room for more at the moment. A connection for which `admit` throws is closed; the others are not affected.
template <typename Acceptor>
bool accept_burst(Acceptor& acceptor, const Admit& admit) {
  constexpr unsigned k_max_burst = 64;
  for (unsigned i = 0; i < k_max_burst; ++i) {
    support::Fd connection(::accept4(acceptor.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!connection) {
      return !is_exhausted(errno);
    }
    try {
      admit(std::move(connection));
    } catch (const std::exception&) { // out of memory or descriptors
      return false;
    }
  }
  return true;
}

/// Passes every connection that `acceptor` (non-blocking) accepts to `admit`, until it is closed.
template <typename Acceptor>
asio::awaitable<void> accept_loop(Acceptor& acceptor, Admit admit) {
  for (;;) {
    const auto [error] = co_await acceptor.async_wait(Acceptor::wait_read, k_await);
    if (error) {
      co_return;
    }
    if (!accept_burst(acceptor, admit)) {
      asio::steady_timer pause(acceptor.get_executor(), std::chrono::milliseconds(20));
      co_await pause.async_wait(k_await);
    }
  }
}

} // namespace agentbox::firewall::io
