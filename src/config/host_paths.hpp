// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string_view>
#include <vector>

#include "config/merge.hpp"
#include "policy/diagnostic.hpp"

namespace agentbox::config {

/// agentbox's own folders of configuration, state, cache and run time: a box that could write there would decide about
/// boxes.
std::vector<std::filesystem::path> own_folders();

/// Looks up on the host what the merged configuration names: mounts, the CA bundle, a root filesystem. Puts canonical
/// paths into `merged.fields`, and adds a mistake for what is missing or must not be in a box.
void resolve_host_paths(Merged& merged, policy::Diagnostics& diagnostics);

/// Why canonical path `source`, seen in the box as `read_only` says, must not be in a box; empty when it may.
std::string mount_problem(const std::filesystem::path& source, bool read_only);

} // namespace agentbox::config
