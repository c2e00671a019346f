// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#if __has_include(<asio/as_tuple.hpp>) // since Asio 1.24; Debian 12 still has it in asio::experimental
#include <asio/as_tuple.hpp>
#else
#include <asio/experimental/as_tuple.hpp>
#endif
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <chrono>
#include <exception>
#include <thread>

namespace agentbox::firewall::io {

#if __has_include(<asio/as_tuple.hpp>)
using asio::as_tuple;
#else
using asio::experimental::as_tuple;
#endif

/// Awaits an operation and returns a tuple of its error code and result: a closed connection throws nothing.
constexpr auto k_await = as_tuple(asio::use_awaitable);

/// Yields to other coroutines.
inline asio::awaitable<void> yield() {
  co_await asio::post(asio::use_awaitable);
}

/// Puts the thread to sleep; a timer could fail for lack of memory or descriptors.
inline void pause_thread() {
  std::this_thread::sleep_for(std::chrono::milliseconds(10));
}

/// Spawns the coroutine that `loop` returns, restarting it when it fails, so that a transient out-of-memory error does
/// not stop the firewall.
template <typename Loop>
void keep_running(asio::io_context& context, Loop loop) {
  asio::co_spawn(context, loop, [&context, loop](const std::exception_ptr& failure) {
    for (bool running = !failure; !running;) {
      pause_thread();
      try {
        keep_running(context, loop);
        running = true;
      } catch (const std::exception&) { // no memory for that either: try again
        continue;
      }
    }
  });
}

/// Runs `context` until it is stopped or has nothing left to do. A handler that throws for lack of memory or
/// descriptors does not finish its work; the firewall continues.
inline void run_until_stopped(asio::io_context& context) {
  for (;;) {
    try {
      context.run();
      return;
    } catch (const std::exception&) {
      pause_thread();
    }
  }
}

} // namespace agentbox::firewall::io
