// SPDX-License-Identifier: Apache-2.0
// The definitions that take the place of the product's at link time.
#include "cli/images.hpp"
#include "podman/podman.hpp"

namespace agentbox::podman {

const std::vector<std::string>& program_folders() {
  static const std::vector<std::string> folders = {FAKE_PODMAN_FOLDER};
  return folders;
}

void refuse_root() {} // a bare CI machine runs the tests as root

} // namespace agentbox::podman

namespace agentbox::cli {

box::Images ensure_images(const policy::PolicyFields& /*fields*/, const podman::Podman& /*podman*/,
                          const podman::PodmanInfo& /*facts*/, bool /*rebuild*/, bool recheck) {
  return {std::string(64, recheck ? 'b' : 'a'), std::string(64, 'f')};
}

box::Images known_images(const policy::PolicyFields& /*fields*/) {
  return {std::string(64, 'a'), std::string(64, 'f')};
}

bool images_missing(const box::Images& images, const podman::Podman& podman) {
  return !support::capture(podman.command({"image", "exists", images.agent})).status.ok();
}

} // namespace agentbox::cli
