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
#include <exception>

namespace agentbox::firewall::io {

#if __has_include(<asio/as_tuple.hpp>)
using asio::as_tuple;
#else
using asio::experimental::as_tuple;
#endif

/// Awaits an operation and returns its error code with its result, in a tuple: a peer that goes away is no exception.
constexpr auto k_await = as_tuple(asio::use_awaitable);

/// Lets the other connections have their turn.
inline asio::awaitable<void> yield() {
  co_await asio::post(asio::use_awaitable);
}

/// The completion of a coroutine that the firewall cannot do without: its failure ends the event loop and with it the
/// process, and the rules that stay in the kernel keep the box closed.
struct Essential {
  void operator()(const std::exception_ptr& failure) const {
    if (failure) {
      std::rethrow_exception(failure);
    }
  }
};

} // namespace agentbox::firewall::io
