// SPDX-License-Identifier: Apache-2.0
#include "support/terminal.hpp"

#include <unistd.h>

namespace agentbox::support {

Terminal own_terminal() {
  return {isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1, isatty(STDERR_FILENO) == 1};
}

} // namespace agentbox::support
