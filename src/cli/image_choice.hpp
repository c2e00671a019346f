// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/command_spec.hpp"
#include "policy/types.hpp"

namespace agentbox::cli {

/// The options of commands that build images.
struct ImageOptions {
  std::optional<std::string> base;
  std::vector<std::string> toolkits;
  std::optional<std::string> ca_bundle;
  bool trust_project = false;
};

/// Adds --base, --toolkit, --ca-bundle and --trust-project to `command`. `options` must outlive it.
void add_image_options(const CommandSpec& command, ImageOptions& options);

/// The image to build, from the configuration and the options.
struct ResolvedImage {
  policy::ImageChoice choice;
  std::optional<std::filesystem::path> ca_bundle;
  std::optional<std::filesystem::path> workspace;
  policy::FirewallDriver driver = policy::FirewallDriver::nftables;
};

/// Loads the configuration for the current directory, without a project's part if that cannot be a project (the home
/// directory). Throws like resolve_box().
ResolvedImage resolve_image(const ImageOptions& options);

} // namespace agentbox::cli
