// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "boxes/session_paths.hpp"
#include "oci/host_facts.hpp"
#include "podman/podman_info.hpp"
#include "policy/policy.hpp"
#include "support/terminal.hpp"

namespace agentbox::box {

/// Returns device and inode of canonical path `path`. Throws Error(refused) when it is gone or a symbolic link.
oci::FileIdentity identity_of(const std::filesystem::path& path);

/// Files and directories by path, as they were when they were checked.
using Identities = std::map<std::filesystem::path, oci::FileIdentity>;

/// Returns the current identities of a box's workspace, mounts and CA bundle. Throws like identity_of().
Identities identities_of_sources(const policy::PolicyFields& fields);

/// Returns 128 random bits in hex.
std::string make_nonce();

/// Selects how to treat protected paths that must exist but do not (guard.hpp).
enum class MissingPaths {
  create, ///< a box will start
  assume, ///< --dry-run: as if they existed
  skip,   ///< for generated files with which a box is started later
};

/// Gathers what the renderers need to know about this host, for the session in `paths`, and what changed in the
/// workspace since `changed_since` (TreeChanges). Throws Error(refused) when one of `checked` has been replaced by
/// another file or directory since it was checked.
oci::HostFacts probe_host(const policy::PolicyFields& fields, const podman::PodmanInfo& facts,
                          const boxes::SessionPaths& paths, const support::Terminal& terminal, MissingPaths missing,
                          const Identities& checked = {}, std::int64_t changed_since = 0);

} // namespace agentbox::box
