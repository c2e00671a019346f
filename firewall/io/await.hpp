// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#if __has_include(<asio/as_tuple.hpp>) // since Asio 1.24; Debian 12 has it among the experiments still
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

/// Awaits an operation and returns a tuple of its error code and result: a peer that goes away throws nothing.
constexpr auto k_await = as_tuple(asio::use_awaitable);

/// Lets the other connections run.
inline asio::awaitable<void> yield() {
  co_await asio::post(asio::use_awaitable);
}

/// Spawns the coroutine that `loop` returns, and again whenever it fails: out of memory for a moment, the firewall
/// must not stop serving. The whole thread sleeps, because a timer needs memory. If even co_spawn() has none, the event
/// loop ends, and the rules in the kernel keep the box closed.
template <typename Loop>
void keep_running(asio::io_context& context, Loop loop) {
  asio::co_spawn(context, loop, [&context, loop](const std::exception_ptr& failure) {
    if (failure) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      keep_running(context, loop);
    }
  });
}

} // namespace agentbox::firewall::io
