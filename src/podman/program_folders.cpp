// SPDX-License-Identifier: Apache-2.0
// In a file of its own, so that a test program can link another definition.
#include "podman/podman.hpp"

namespace agentbox::podman {

const std::vector<std::string>& program_folders() {
  static const std::vector<std::string> folders = {"/usr/local/bin", "/usr/bin", "/bin"};
  return folders;
}

} // namespace agentbox::podman
