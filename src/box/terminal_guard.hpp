// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <sys/types.h>
#include <termios.h>

#include "support/fd.hpp"

namespace agentbox::box {

/// Gives the user the terminal back as it was before a Podman had it, even after a `kill -9` of the launcher. Does
/// nothing in the background, or if neither stdout nor stderr is a terminal.
class TerminalGuard {
public:
  /// Remembers the terminal's modes.
  TerminalGuard();
  TerminalGuard(const TerminalGuard&) = delete;
  TerminalGuard& operator=(const TerminalGuard&) = delete;
  /// Restores the modes (termios(3)): a Podman that is killed leaves the terminal raw.
  ~TerminalGuard();

  /// Forks a process that waits for our end. To be called when `podman` has the terminal. When we are killed, it kills
  /// `podman` (which would complain over the shell's prompt that it cannot restore the terminal), restores the modes
  /// and resets the screen. Throws Error(failed).
  void lend_to(pid_t podman);

  /// Takes the terminal back once nothing in the box can write to it any more, and before we do: the agent's last bytes
  /// can hide text, or ask the terminal questions whose answers the shell would read as typed. Resets the screen and
  /// discards what was typed or answered until then. When stdout is a pipe, whose reader may use the terminal too, only
  /// our text is made visible. Does nothing unless lend_to() was called since the last time.
  void take_back();

private:
  bool is_foreground() const;

  int m_terminal = -1;            ///< stdout or stderr
  std::optional<termios> m_modes; ///< of m_terminal, if it is ours alone
  bool m_lent = false;
  support::Fd m_alive; ///< the watcher notices when it is closed
  pid_t m_watcher = -1;
};

} // namespace agentbox::box
