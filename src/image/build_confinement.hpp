// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "policy/allow_entry.hpp"

namespace agentbox::image {

/// Confines the programs of a base image while they run in a build.
struct BuildConfinement {
  std::filesystem::path seccomp; ///< the filter, as `podman build --security-opt seccomp=` takes it
  std::string network;    ///< for --network: the firewall's namespace; empty: without a firewall (--full-network)
  std::string gate;       ///< content of the file from which agent-entrypoint learns the nonce, or k_full
  std::string mounted_at; ///< where agentbox's own files are mounted: a path that no VOLUME of the base can name
  /// Returns lines about what the firewall denied since the last call, escaped. Owns the firewall.
  std::function<std::vector<std::string>()> denied;
};

/// Makes the confinement of one build and writes its files to `directory`. The programs can reach `official` (mirrors
/// on the internet) and `own` (mirrors in the host's configuration, which may have private addresses). Throws Error.
using MakeBuildConfinement = std::function<BuildConfinement(const std::filesystem::path& directory,
                                                            const std::vector<policy::AllowEntry>& official,
                                                            const std::vector<policy::AllowEntry>& own)>;

} // namespace agentbox::image
