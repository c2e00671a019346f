// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <filesystem>
#include <functional>

namespace agentbox::firewall::serve {

/// The read end of a FIFO that only the launcher has open for writing.
class FifoLeash {
public:
  /// Opens `fifo`. Throws support::Error(failed) if it is not a FIFO or no longer has a writer.
  FifoLeash(asio::io_context& context, const std::filesystem::path& fifo);

  /// Calls `act` when there is no writer left.
  void when_cut(std::function<void()> act);

private:
  asio::posix::stream_descriptor m_descriptor;
};

} // namespace agentbox::firewall::serve
