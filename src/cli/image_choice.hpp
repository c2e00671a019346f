// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <optional>

#include "box/build_firewall.hpp"
#include "cli/box_options.hpp"
#include "cli/command_spec.hpp"
#include "image/image.hpp"
#include "policy/types.hpp"

namespace agentbox::cli {

/// Adds --base, --toolkit, --ca-bundle, --full-network and --trust-project to `command`. `options` must outlive it.
void add_image_options(const CommandSpec& command, BoxOptions& options);

/// The image to build, from the configuration and the options.
struct ResolvedImage {
  policy::ImageChoice choice;
  std::optional<std::filesystem::path> ca_bundle;
  std::optional<std::filesystem::path> workspace;
  box::BuildNetwork network;
};

/// Loads the configuration for the current directory, without a project's part if that directory cannot be a project
/// (such as the home directory). Throws like resolve_box().
ResolvedImage resolve_image(const BoxOptions& options);

/// Returns the network of an image's build; never full, even if the box's is.
box::BuildNetwork build_network(const policy::PolicyFields& fields, const config::Preferences& preferences);

/// Builds the agent's image if necessary, behind firewall `firewall` and with `options`, except confinement, CA bundle
/// and workspace, which are those of `image`. Warns when it is built without a firewall.
image::ImageRef build_agent_image(const podman::Podman& podman, const podman::PodmanInfo& info,
                                  const podman::Installation& installation, const image::ImageRef& firewall,
                                  const ResolvedImage& image, image::BuildOptions options);

} // namespace agentbox::cli
