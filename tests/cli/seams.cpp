// SPDX-License-Identifier: Apache-2.0
// The definitions that take the place of the product's at link time.
#include "cli/images.hpp"
#include "podman/podman.hpp"

namespace agentbox::podman {

const std::vector<std::string>& program_directories() {
  static const std::vector<std::string> directories = {FAKE_PODMAN_DIRECTORY};
  return directories;
}

void refuse_root() {} // a bare CI machine runs the tests as root

} // namespace agentbox::podman

namespace agentbox::cli {

box::Images ensure_images(const policy::PolicyFields& fields, const config::Preferences& /*preferences*/,
                          const podman::Podman& /*podman*/, const podman::PodmanInfo& /*info*/, bool /*rebuild*/) {
  return known_images(fields);
}

box::Images known_images(const policy::PolicyFields& /*fields*/) {
  return {std::string(64, 'a'), std::string(64, 'f')};
}

bool have_images(const podman::Podman& /*podman*/, const box::Images& /*images*/) {
  return false;
}

} // namespace agentbox::cli
