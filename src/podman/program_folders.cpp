// SPDX-License-Identifier: Apache-2.0
// Alone in its file, so that a test program's own definition takes its place at link time.
#include "podman/podman.hpp"

namespace agentbox::podman {

const std::vector<std::string>& program_folders() {
  static const std::vector<std::string> folders = {"/usr/local/bin", "/usr/bin", "/bin"};
  return folders;
}

} // namespace agentbox::podman
