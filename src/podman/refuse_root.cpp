// SPDX-License-Identifier: Apache-2.0
// Alone in its file, so that tests of the whole program can run as root on a bare CI machine.
#include <unistd.h>

#include "podman/podman.hpp"

namespace agentbox::podman {

void refuse_root() {
  if (geteuid() == 0) {
    throw support::Error(support::ExitCode::refused,
                         "agentbox does not run as root: the box would be as strong as root on this machine",
                         "run it as an ordinary user (su - YOU), or in a source tree: ./dev shell agentbox ...");
  }
}

} // namespace agentbox::podman
