// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>

#include "support/fd.hpp"

namespace agentbox::box {

/// Ties a box to this process: agent-entrypoint and the firewall end when it is destroyed, or when we die, even by
/// SIGKILL, because the kernel then closes the only other ends. No child inherits ours.
///
/// The agent's end is a socket: unlike a pipe it cannot be opened again through /proc/PID/fd, so nothing in the box can
/// make itself a writer and hold it open. The firewall, which Podman starts as part of the pod and gives no descriptor,
/// has the FIFO in its run directory.
class Leash {
public:
  /// Makes FIFO `fifo` and opens all ends. Throws Error(failed).
  explicit Leash(const std::filesystem::path& fifo);

  /// Returns the descriptor to pass to the agent's container. Nothing can be sent through it.
  int box_end() const noexcept { return m_box_end.get(); }

private:
  support::Fd m_fifo;
  support::Fd m_own_end;
  support::Fd m_box_end;
};

} // namespace agentbox::box
