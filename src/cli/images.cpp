// SPDX-License-Identifier: Apache-2.0
#include "cli/images.hpp"

#include "image/image.hpp"
#include "image/manifest_pin.hpp"
#include "podman/installation.hpp"
#include "podman/podman_info.hpp"
#include "support/command.hpp"

namespace agentbox::cli {

box::Images ensure_images(const policy::PolicyFields& fields, const podman::Podman& podman,
                          const podman::PodmanInfo& facts, bool rebuild, bool recheck) {
  const podman::Installation installation = podman::find_installation();
  image::BuildOptions options;
  options.rebuild = rebuild;
  options.recheck = recheck;
  options.ca_bundle = fields.ca_bundle;
  options.workspace = fields.workspace.source;
  const image::ImageRef firewall = image::ensure_firewall_image(podman, installation, fields.firewall_driver, recheck);
  box::Images images{image::ensure_agent_image(podman, installation, fields.image, options).id, firewall.id};
  for (const std::string& id : {images.agent, images.firewall}) {
    image::require_pinned_manifest(podman, facts, id, image::manifest_pins(), rebuild);
  }
  return images;
}

box::Images known_images(const policy::PolicyFields& fields) {
  const podman::Installation installation = podman::find_installation();
  const auto id_of = [](const std::optional<image::ImageRef>& image) { return image ? image->id : "(not built yet)"; };
  return {id_of(image::known_agent_image(installation, fields.image)),
          id_of(image::known_firewall_image(installation, fields.firewall_driver))};
}

bool images_missing(const box::Images& images, const podman::Podman& podman) {
  const auto missing = [&](const std::string& id) {
    return !support::capture(podman.command({"image", "exists", id})).status.ok();
  };
  return missing(images.agent) || missing(images.firewall);
}

} // namespace agentbox::cli
