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

/// Pipes for splice(2). A direction of a connection holds one only while bytes move, so that idle connections need
/// none. Up to k_keep empty ones are kept.
class PipePool {
public:
  static constexpr std::size_t k_keep = 64;
  /// Requested size; pipes stay smaller when the user's quota is used up (pipe(7)).
  static constexpr int k_pipe_bytes = 256 * 1024;

  /// Returns a pipe, or nullopt if the process has no descriptors left.
  std::optional<SplicePipe> take();
  /// Returns an empty pipe to the pool.
  void give_back(SplicePipe pipe);

private:
  std::vector<SplicePipe> m_free;
};

} // namespace agentbox::firewall::proxy
