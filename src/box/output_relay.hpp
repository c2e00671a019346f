// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <poll.h>

#include "support/command.hpp"
#include "support/fd.hpp"

namespace agentbox::box {

/// Moves what a command prints to a pipe that is our standard output. This way we notice when the pipe's reader has
/// gone, and end with 141 as any program in a pipeline does; Podman would print "broken pipe" and exit with 126.
/// Everywhere else (a terminal, a file, a socket) the command writes to our standard output itself.
class OutputRelay {
public:
  /// Points stdout of `command`, and stderr when it is the same pipe, to the relay if `output` is a pipe.
  explicit OutputRelay(support::Command& command, int output = 1);

  /// Closes our copy of the command's end, once the command has been started.
  void command_started() { m_write_end.reset(); }
  /// Returns what to wait for with poll(2); its descriptor is -1 when there is nothing.
  pollfd awaited() const noexcept;
  /// Moves the available data without waiting. Returns false when the reader has gone.
  bool move();
  /// Moves all that the ended command left, as fast as the reader takes it. Throws Interrupted.
  bool drain();

private:
  int m_output;
  support::Fd m_read_end; ///< open while there is something to relay
  support::Fd m_write_end;
  bool m_output_full = false;
};

} // namespace agentbox::box
