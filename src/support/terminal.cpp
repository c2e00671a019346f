// SPDX-License-Identifier: Apache-2.0
#include "support/terminal.hpp"

#include <csignal>
#include <unistd.h>

namespace agentbox::support {

Terminal own_terminal() {
  return {isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1, isatty(STDERR_FILENO) == 1};
}

SavedTerminal::SavedTerminal() {
  termios modes{};
  if (tcgetattr(STDIN_FILENO, &modes) == 0) {
    m_modes = modes;
  }
}

SavedTerminal::~SavedTerminal() {
  if (!m_modes) {
    return;
  }
  // From the background this would stop us (SIGTTOU), and the terminal is the shell's then. A terminal that is gone
  // fails with EIO, and there is nothing to put back.
  if (tcgetpgrp(STDIN_FILENO) == getpgrp()) {
    tcsetattr(STDIN_FILENO, TCSADRAIN, &*m_modes);
  }
}

} // namespace agentbox::support
