// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>

#include "firewall/io/await.hpp"
#include "firewall/proxy/pipe_pool.hpp"

namespace agentbox::firewall::proxy {

/// One direction of a connection. The references must outlive pump().
struct Flow {
  asio::ip::tcp::socket& from;
  asio::ip::tcp::socket& to;
  std::uint64_t& bytes;                    ///< incremented for each byte moved
  bool& active;                            ///< set whenever bytes move
  std::optional<std::uint64_t> limit = {}; ///< maximum bytes to move; unlimited if not set
  std::uint64_t* budget = nullptr;         ///< bytes left, shared between connections; unlimited if null
};

enum class FlowEnd {
  end_of_stream, ///< the sender is done
  limit_reached,
  over_budget, ///< the budget is used up and the sender has more
  broken,      ///< a socket failed, or was closed by us
};

/// Moves bytes with splice(2), without copying them to user space, until the sender is done, the limit or budget is
/// reached, or a socket fails. Closes nothing.
asio::awaitable<FlowEnd> pump(Flow flow, PipePool& pipes);

/// Reads and discards what `from` sends. Returns true at the end of the stream, false on failure.
asio::awaitable<bool> discard(asio::ip::tcp::socket& from);

} // namespace agentbox::firewall::proxy
