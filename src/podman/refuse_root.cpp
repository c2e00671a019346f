// SPDX-License-Identifier: Apache-2.0
// In a separate file: tests of the whole program replace it and run as root on a bare CI machine.
#include <unistd.h>

#include "podman/podman.hpp"

namespace agentbox::podman {

void refuse_root() {
  if (geteuid() == 0) {
    throw support::Error(support::ExitCode::refused,
                         "refusing to run as root: a container escape would have root privileges",
                         "run it as an ordinary user (su - YOU), or in a source tree: ./dev shell agentbox ...");
  }
}

} // namespace agentbox::podman
