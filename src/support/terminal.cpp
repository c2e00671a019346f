// SPDX-License-Identifier: Apache-2.0
#include "support/terminal.hpp"

#include <cstdlib>
#include <unistd.h>

namespace agentbox::support {

Terminal own_terminal() {
  return {isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1, isatty(STDERR_FILENO) == 1};
}

bool wants_colour() {
  const char* no_color = std::getenv("NO_COLOR");
  return own_terminal().out && (no_color == nullptr || *no_color == '\0');
}

} // namespace agentbox::support
