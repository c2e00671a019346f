// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <vector>

#include "config/merge.hpp"
#include "policy/diagnostic.hpp"

namespace agentbox::config {

/// Returns agentbox's own configuration, state, cache and runtime directories. A box that could write there would
/// control other boxes.
std::vector<std::filesystem::path> own_directories();

/// Looks up the paths of the merged configuration on the host: mounts, CA bundle, root filesystem. Stores canonical
/// paths, and a mount for each file of instructions, in `merged.fields`. Adds a mistake for each path that is missing
/// or must not be in a box.
void resolve_host_paths(Merged& merged, policy::Diagnostics& diagnostics);

/// Returns why canonical path `source` must not be mounted into a box, or empty.
std::string mount_problem(const std::filesystem::path& source, bool read_only);

} // namespace agentbox::config
