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

/// A mount whose source is still as it was written; host_paths.hpp looks it up.
struct MountRequest {
  std::filesystem::path source; ///< absolute
  std::string destination;
  bool read_only = false;
  std::string reason;
  std::string group; ///< not empty for --auth: at least one mount of the group must exist, the others are left out
};

/// All layers as one set of values. The paths of the host in it are not looked up yet.
struct Merged {
  policy::PolicyFields fields; ///< without mounts, ca_bundle and workspace identity
  std::vector<MountRequest> mounts;
  std::optional<Located<std::filesystem::path>> ca_bundle;
  std::optional<Located<std::filesystem::path>> base_path; ///< of dir:PATH and tar:PATH
  std::vector<policy::Agent> agents;                       ///< sorted by name
};

/// Merges the defaults, the layers (lowest first) and the overrides. Pure: no file is looked at. Mistakes are added to
/// `diagnostics`.
Merged merge(const std::vector<Layer>& layers, const Overrides& overrides, const Sources& sources,
             policy::Diagnostics& diagnostics);

/// The agents that agentbox knows with what the layers say about them and add to them; sorted by name.
std::vector<policy::Agent> merge_agents(const std::vector<Layer>& layers, policy::Diagnostics& diagnostics);

/// The hosts of the layers and of --allow.
policy::EgressPolicy merge_egress(const std::vector<Layer>& layers, const Overrides& overrides,
                                  policy::Diagnostics& diagnostics);

/// `text` as an absolute, normal path: "~/x" is below `home`, what is relative is below `folder`. A trailing slash
/// goes.
std::filesystem::path absolute_path(std::string_view text, const std::filesystem::path& home,
                                    const std::filesystem::path& folder);

} // namespace agentbox::config
