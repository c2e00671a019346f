// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "config/config_layer.hpp"
#include "config/sources.hpp"

namespace agentbox::config {

/// Returns whether `text`, an entry of a list of hosts, names a set: "@npm".
inline bool names_set(std::string_view text) {
  return text.starts_with('@');
}

/// Adds `set` to `sets` unless a set of that name is in it.
void add_set(HostSet set, std::vector<HostSet>& sets);

/// Returns all sets in `directory`, sorted by name. Throws Error(failed) for a damaged or missing file.
std::vector<HostSet> read_sets(const std::filesystem::path& directory);

/// Adds the hosts of the sets that `layer` names to its lists, and the sets to `layer.sets`. A set that does not exist
/// is a mistake.
void expand_sets(ConfigLayer& layer, const std::filesystem::path& directory, policy::Diagnostics& diagnostics);

/// Returns `entries` with the hosts of each set in place of its name, and adds the sets to `sets`. Mistakes are at
/// `where` ("--allow").
std::vector<std::string> expand_sets(const std::vector<std::string>& entries, const std::string& where,
                                     const std::filesystem::path& directory, std::vector<HostSet>& sets,
                                     policy::Diagnostics& diagnostics);

/// Returns the sets with their hosts as text, a line each: what an agreement to a project's configuration covers.
std::string sets_text(const std::vector<HostSet>& sets);

/// Returns the hosts of `sets` that they did not have when they were last used, as "@NAME: HOST", and records them as
/// used in `file`. A set that was never used before has no such hosts.
std::vector<std::string> hosts_since_last_use(const std::vector<HostSet>& sets, const std::filesystem::path& file);

} // namespace agentbox::config
