// SPDX-License-Identifier: Apache-2.0
// In a separate file, so that a test program can link another definition.
#include "podman/podman.hpp"

namespace agentbox::podman {

const std::vector<std::string>& program_directories() {
  static const std::vector<std::string> directories = {"/usr/local/bin", "/usr/bin", "/bin"};
  return directories;
}

} // namespace agentbox::podman
