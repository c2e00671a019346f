// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "oci/host_facts.hpp"
#include "podman/host_facts.hpp"
#include "policy/policy.hpp"
#include "session/paths.hpp"
#include "session/terminal.hpp"

namespace agentbox::session {

/// Those of `workspace.protect` that exist, found without following a symbolic link. Throws Error(refused) when a part
/// of one is a symbolic link: a read-only mount over it would land elsewhere, and an agent could have made it.
std::vector<std::string> existing_protected_paths(const policy::Workspace& workspace);

/// Device and inode of `path`, which must be canonical. Throws Error(refused) when it is gone or a symbolic link.
oci::FileIdentity identity_of(const std::filesystem::path& path);

/// Throws Error(refused) with the chcon command when SELinux would keep the box from the workspace.
void require_container_label(const std::filesystem::path& path);

/// 128 random bits in hex.
std::string make_nonce();

/// What the renderers must know of this host, for the session in `paths`.
oci::HostFacts probe_host(const policy::PolicyFields& fields, const podman::HostFacts& facts, const Paths& paths,
                          const Terminal& terminal);

} // namespace agentbox::session
