// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>

#include "oci/pod/pod.hpp"
#include "podman/podman.hpp"
#include "podman/podman_info.hpp"

namespace agentbox::generate {

/// Gathers what the renderers need to know about this host, for a set in `directory`, which need not exist yet.
/// Contains nothing random and no time. Throws support::Error like box::probe_host().
oci::PodFacts gather(const policy::Policy& policy, const podman::PodmanInfo& host,
                     const std::filesystem::path& directory);

/// Gathers the facts for a cluster: this host's seccomp profile and the text of the CA bundle, nothing else.
oci::PodFacts gather_for_cluster(const policy::Policy& policy);

/// Returns `policy` with `directory` protected if it is in the workspace: the box must not be able to change what the
/// host will run.
policy::Policy protect_directory(const policy::Policy& policy, const std::filesystem::path& directory);

/// Sets the ID maps of a bundle, which are those of Podman's keep-id. Throws support::Error(refused) when there are too
/// few subordinate IDs.
void add_id_mappings(oci::HostFacts& facts, const policy::User& user, const podman::Podman& podman);

} // namespace agentbox::generate
