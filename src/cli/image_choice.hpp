// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/command_spec.hpp"
#include "policy/types.hpp"

namespace agentbox::cli {

/// The options of commands that make images but no box.
struct ImageOptions {
  std::optional<std::string> base;
  std::vector<std::string> toolkits;
  std::optional<std::string> ca_bundle;
  bool trust_project = false;
};

/// Adds --base, --toolkit, --ca-bundle and --trust-project to `command`. `options` must outlive it.
void add_image_options(const CommandSpec& command, ImageOptions& options);

/// The image as the configuration and the options say.
struct ResolvedImage {
  policy::ImageChoice choice;
  std::optional<std::filesystem::path> ca_bundle;
  std::optional<std::filesystem::path> workspace;
  policy::FirewallDriver driver = policy::FirewallDriver::nftables;
};

/// Reads the configuration for the current folder; where that cannot be a project (the home folder, say) there is no
/// project's part in it. Throws like resolve_box().
ResolvedImage resolve_image(const ImageOptions& options);

} // namespace agentbox::cli
