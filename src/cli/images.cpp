// SPDX-License-Identifier: Apache-2.0
#include "cli/images.hpp"

#include "cli/image_choice.hpp"
#include "image/image.hpp"
#include "podman/installation.hpp"
#include "support/command.hpp"

namespace agentbox::cli {

box::Images ensure_images(const policy::PolicyFields& fields, const config::Preferences& preferences,
                          const podman::Podman& podman, const podman::PodmanInfo& info, bool rebuild) {
  const podman::Installation installation = podman::find_installation();
  const image::ImageRef firewall =
      image::ensure_firewall_image(podman, info, installation, fields.firewall_driver, rebuild);
  const ResolvedImage image{fields.image, fields.ca_bundle, fields.workspace.source,
                            build_network(fields, preferences)};
  const image::ImageRef agent = build_agent_image(podman, info, installation, firewall, image, {.rebuild = rebuild});
  return {agent.id, firewall.id};
}

box::Images known_images(const policy::PolicyFields& fields) {
  const podman::Installation installation = podman::find_installation();
  const auto id_of = [](const std::optional<image::ImageRef>& image) { return image ? image->id : "(not built yet)"; };
  return {id_of(image::known_agent_image(installation, fields.image)),
          id_of(image::known_firewall_image(installation, fields.firewall_driver))};
}

bool have_images(const podman::Podman& podman, const box::Images& images) {
  return support::capture(podman.command({"image", "inspect", "--format", "{{.Id}}", images.agent, images.firewall}))
      .status.ok();
}

} // namespace agentbox::cli
