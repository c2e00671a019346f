// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <optional>
#include <vector>

#include "support/fd.hpp"

namespace agentbox::firewall::proxy {

/// The two ends of a pipe, both non-blocking.
struct SplicePipe {
  support::Fd read;
  support::Fd write;
};

/// Pipes for splice(2). A direction of a connection holds one only while bytes are on their way, so that idle
/// connections cost none; empty ones are kept for the next, up to a bound.
class PipePool {
public:
  static constexpr std::size_t k_keep = 64;
  /// Asked of the kernel for each pipe; where the user's pipe quota is used up it stays smaller.
  static constexpr int k_pipe_bytes = 256 * 1024;

  /// A pipe, or nothing when the process has no descriptors left.
  std::optional<SplicePipe> take();
  /// Takes back a pipe that is empty.
  void give_back(SplicePipe pipe);

private:
  std::vector<SplicePipe> m_free;
};

} // namespace agentbox::firewall::proxy
