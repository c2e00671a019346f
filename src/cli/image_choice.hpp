// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <optional>

#include "cli/box_options.hpp"
#include "cli/command_spec.hpp"
#include "policy/types.hpp"

namespace agentbox::cli {

/// Adds --base, --toolkit, --ca-bundle and --trust-project to `command`. `options` must outlive it.
void add_image_options(const CommandSpec& command, BoxOptions& options);

/// The image to build, from the configuration and the options.
struct ResolvedImage {
  policy::ImageChoice choice;
  std::optional<std::filesystem::path> ca_bundle;
  std::optional<std::filesystem::path> workspace;
  policy::FirewallDriver driver = policy::FirewallDriver::nftables;
};

/// Loads the configuration for the current directory, without a project's part if that cannot be a project (the home
/// directory). Throws like resolve_box().
ResolvedImage resolve_image(const BoxOptions& options);

} // namespace agentbox::cli
