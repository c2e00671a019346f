// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <termios.h>

namespace agentbox::support {

/// What our standard streams are.
struct Terminal {
  bool in = false;
  bool out = false;
  bool err = false;

  /// The agent gets a terminal of its own (podman run -t) when both stdin and stdout are one.
  bool interactive() const noexcept { return in && out; }
};

/// The streams of this process.
Terminal own_terminal();

/// Remembers the modes of the terminal on stdin, and puts them back at the end: a Podman that is killed leaves it raw.
class SavedTerminal {
public:
  SavedTerminal();
  SavedTerminal(const SavedTerminal&) = delete;
  SavedTerminal& operator=(const SavedTerminal&) = delete;
  SavedTerminal(SavedTerminal&&) = delete;
  SavedTerminal& operator=(SavedTerminal&&) = delete;
  ~SavedTerminal();

private:
  std::optional<termios> m_modes;
};

} // namespace agentbox::support
