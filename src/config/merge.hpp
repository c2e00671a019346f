// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "config/config_layer.hpp"
#include "config/overrides.hpp"
#include "config/sources.hpp"
#include "policy/policy.hpp"

namespace agentbox::config {

/// A mount before its source is looked up on the host (host_paths.hpp).
struct MountRequest {
  std::filesystem::path source; ///< absolute
  std::string destination;
  bool read_only = false;
  std::string reason;
  std::string group;      ///< of --auth: at least one mount of the group must exist; missing ones are omitted
  bool own = false;       ///< a directory of agentbox itself, made when the box starts; of --auth if it has a group
  bool is_copied = false; ///< --instructions, in the agent's directory: files are looked up on the host, and copied
  bool label = false;     ///< as in policy::Mount
};

/// All layers as one set of values, before paths are looked up on the host.
struct Merged {
  policy::PolicyFields fields; ///< without mounts, ca_bundle and workspace identity
  std::vector<MountRequest> mounts;
  std::optional<Located<std::filesystem::path>> ca_bundle;
  std::optional<Located<std::filesystem::path>> base_path; ///< of dir:PATH and tar:PATH
  std::vector<std::string> notices;                        ///< about what was requested but left out
  std::vector<policy::Agent> agents;                       ///< sorted by name
};

/// Merges the defaults, the layers (lowest first) and the overrides. Adds mistakes to `diagnostics`. Pure: reads no
/// files.
Merged merge(const std::vector<ConfigLayer>& layers, const Overrides& overrides, const Sources& sources,
             policy::Diagnostics& diagnostics);

/// Returns the built-in agents merged with those of the layers; sorted by name.
std::vector<policy::Agent> merge_agents(const std::vector<ConfigLayer>& layers, policy::Diagnostics& diagnostics);

/// Returns why `entry` cannot be allowed: the block of a layer that covers it. Nothing if there is none.
std::optional<policy::EntryProblem> block_over(const policy::AllowEntry& entry, const std::vector<ConfigLayer>& layers);

/// Returns the egress policy of the layers and of the overrides.
policy::EgressPolicy merge_egress(const std::vector<ConfigLayer>& layers, const Overrides& overrides,
                                  policy::Diagnostics& diagnostics);

/// Returns the agents whose logins the box gets: those of --auth, and the one that runs if agent.auth lists it.
std::vector<std::string> agents_with_login(const std::vector<ConfigLayer>& layers, const Overrides& overrides,
                                           const std::string& running);

/// Adds the logins to `merged`: mounts, the hosts that renew them, and the variables that name their directories.
void merge_logins(const std::vector<ConfigLayer>& layers, const Overrides& overrides, const Sources& sources,
                  Merged& merged, policy::Diagnostics& diagnostics);

/// Adds the diagnostic that there is no agent `name`.
void unknown_agent(const std::vector<policy::Agent>& agents, const std::string& name, const std::string& where,
                   policy::Diagnostics& diagnostics);

/// Returns `text` as an absolute, normal path without trailing slash: "~/x" is below `home`, other relative paths are
/// below `directory`.
std::filesystem::path absolute_path(std::string_view text, const std::filesystem::path& home,
                                    const std::filesystem::path& directory);

} // namespace agentbox::config
