// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <sys/types.h>
#include <termios.h>

#include "support/fd.hpp"

namespace agentbox::box {

/// Gives the user the terminal back as it was before a Podman had it, even after a `kill -9` of the launcher. Does
/// nothing unless stdin and stdout are a terminal.
class TerminalGuard {
public:
  /// Remembers the terminal's modes.
  TerminalGuard();
  TerminalGuard(const TerminalGuard&) = delete;
  TerminalGuard& operator=(const TerminalGuard&) = delete;
  TerminalGuard(TerminalGuard&&) = delete;
  TerminalGuard& operator=(TerminalGuard&&) = delete;
  /// Restores the modes (termios(3)): a Podman that is killed leaves the terminal raw.
  ~TerminalGuard();

  /// Forks a process that waits for our end. When we are killed, it kills `podman` (which would complain over the
  /// shell's prompt that it cannot restore the terminal), restores the modes and calls the same reset as
  /// reset_screen(). Throws Error(failed).
  void outlive(pid_t podman);
  /// Switches off what a full-screen program that was killed leaves on: alternate screen, mouse reports, hidden cursor,
  /// application keys, keyboard protocols. After an end that was not the program's own.
  void reset_screen() const;

private:
  std::optional<termios> m_modes;
  support::Fd m_alive; ///< the other process reads its end
  pid_t m_watcher = -1;
};

} // namespace agentbox::box
