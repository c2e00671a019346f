// SPDX-License-Identifier: Apache-2.0
#include "firewall/proxy/relay.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <fcntl.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include "firewall/io/stream.hpp"

namespace agentbox::firewall::proxy {
namespace {

using asio::ip::tcp;

constexpr std::size_t k_chunk = std::size_t{256} << 10U;
constexpr unsigned k_turns = 16; // chunks before the other connections have their turn

/// Moves the `left` bytes in `pipe` to the flow's target.
asio::awaitable<bool> drain(Flow& flow, const SplicePipe& pipe, std::size_t left) {
  while (left > 0) {
    const ssize_t moved =
        ::splice(pipe.read.get(), nullptr, flow.to.native_handle(), nullptr, left, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (moved > 0) {
      left -= static_cast<std::size_t>(moved);
      flow.bytes += static_cast<std::uint64_t>(moved);
      flow.active = true;
    } else if (moved == 0 || !io::would_block(errno) || !co_await io::wait(flow.to, tcp::socket::wait_write)) {
      co_return false;
    }
  }
  co_return true;
}

/// Returns a pipe; waits for another direction to return one if there are no descriptors left.
asio::awaitable<std::optional<SplicePipe>> take_pipe(PipePool& pipes) {
  constexpr int k_attempts = 100;
  for (int i = 0; i < k_attempts; ++i) {
    if (auto pipe = pipes.take()) {
      co_return pipe;
    }
    asio::steady_timer pause(co_await asio::this_coro::executor, std::chrono::milliseconds(10));
    co_await pause.async_wait(io::k_await);
  }
  co_return std::nullopt;
}

void give_back(PipePool& pipes, std::optional<SplicePipe>& pipe) {
  if (pipe) {
    pipes.give_back(std::move(*pipe));
    pipe.reset();
  }
}

/// Waits until `from` is done or sends more than the budget allows.
asio::awaitable<FlowEnd> wait_for_more(tcp::socket& from) {
  for (;;) {
    char next = 0;
    const ssize_t got = ::recv(from.native_handle(), &next, 1, MSG_PEEK | MSG_DONTWAIT);
    if (got >= 0) {
      co_return got == 0 ? FlowEnd::end_of_stream : FlowEnd::over_budget;
    }
    if (!io::would_block(errno) || !co_await io::wait(from, tcp::socket::wait_read)) {
      co_return FlowEnd::broken;
    }
  }
}

} // namespace

asio::awaitable<FlowEnd> pump(Flow flow, PipePool& pipes) {
  std::optional<SplicePipe> pipe; // empty whenever it is given back
  unsigned turns = 0;
  std::uint64_t moved = 0;
  FlowEnd end = FlowEnd::limit_reached;
  bool waits = true; // initially too, because earlier bytes were already read
  while (!flow.limit || moved < *flow.limit) {
    if (flow.budget != nullptr && *flow.budget == 0) {
      give_back(pipes, pipe);
      co_return co_await wait_for_more(flow.from);
    }
    if (waits) {
      give_back(pipes, pipe); // an idle connection holds none
      if (!co_await io::wait(flow.from, tcp::socket::wait_read)) {
        end = FlowEnd::broken;
        break;
      }
      waits = false;
    }
    const bool open = flow.from.is_open() && flow.to.is_open();
    if (open && !pipe) {
      pipe = co_await take_pipe(pipes);
    }
    if (!open || !pipe) {
      end = FlowEnd::broken;
      break;
    }
    std::uint64_t wanted = flow.limit ? std::min<std::uint64_t>(*flow.limit - moved, k_chunk) : k_chunk;
    wanted = flow.budget == nullptr ? wanted : std::min(wanted, *flow.budget);
    if (wanted == 0) { // another connection has used up the budget; splice() would return 0, "end of stream"
      continue;
    }
    const ssize_t got = ::splice(flow.from.native_handle(), nullptr, pipe->write.get(), nullptr, wanted,
                                 SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    const int error = got < 0 ? errno : 0;
    if (got > 0) {
      moved += static_cast<std::uint64_t>(got);
      if (flow.budget != nullptr) {
        *flow.budget -= static_cast<std::uint64_t>(got);
      }
      if (!co_await drain(flow, *pipe, static_cast<std::size_t>(got))) {
        co_return FlowEnd::broken; // closes the pipe, which is not empty
      }
      if (++turns % k_turns == 0) {
        co_await io::yield();
      }
      continue;
    }
    if (got == 0 || !io::would_block(error)) {
      end = got == 0 ? FlowEnd::end_of_stream : FlowEnd::broken;
      break;
    }
    waits = true;
  }
  give_back(pipes, pipe);
  co_return end;
}

asio::awaitable<bool> discard(tcp::socket& from) {
  std::string unread;
  auto received = io::Received::bytes;
  while (received == io::Received::bytes) {
    unread.clear();
    received = co_await io::receive(from, unread);
    co_await io::yield(); // an endless sender must not block the other connections
  }
  co_return received == io::Received::end_of_stream;
}

} // namespace agentbox::firewall::proxy
