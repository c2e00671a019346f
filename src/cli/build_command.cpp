// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <memory>

#include "cli/image_choice.hpp"
#include "cli/subcommands.hpp"
#include "image/image.hpp"
#include "podman/installation.hpp"

namespace agentbox::cli {
namespace {

struct BuildCommandOptions {
  BoxOptions image;
  bool rebuild = false;
};

int build(const BuildCommandOptions& options) {
  podman::refuse_root();
  const ResolvedImage resolved = resolve_image(options.image);
  const podman::Podman podman = podman::Podman::find();
  const podman::Installation installation = podman::find_installation();
  const podman::PodmanInfo info = podman::podman_info(podman);
  const image::ImageRef firewall =
      image::ensure_firewall_image(podman, info, installation, resolved.network.driver, options.rebuild);
  const image::ImageRef agent =
      build_agent_image(podman, info, installation, firewall, resolved, {.rebuild = options.rebuild});
  image::ensure_tag(podman, firewall);
  image::ensure_tag(podman, agent);
  fmt::print("{}\n{}\n", agent.tag, firewall.tag);
  return 0;
}

} // namespace

void add_build(const CommandSpec& app, Context& context) {
  const CommandSpec command = app.command("build", "Build the images if they are missing or outdated");
  auto options = std::make_shared<BuildCommandOptions>();
  add_image_options(command, options->image);
  command.flag("--rebuild", options->rebuild, "Rebuild the image from the newest base image and packages");
  command.action([options, &context] { context.exit_code = build(*options); });
}

} // namespace agentbox::cli
