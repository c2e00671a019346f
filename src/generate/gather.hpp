// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string>

#include "oci/pod/pod.hpp"
#include "podman/podman.hpp"
#include "podman/podman_info.hpp"

namespace agentbox::generate {

/// What the renderers must know of this host for a set that will lie in `folder`. Nothing in it is random or of this
/// moment. The paths of `folder` need not exist yet. Throws support::Error as box::probe_host() does.
oci::PodFacts gather(const policy::Policy& policy, const podman::PodmanInfo& host, const std::filesystem::path& folder);

/// Facts for a cluster: nothing of this host but its seccomp profile, and the text of the CA bundle.
oci::PodFacts gather_for_cluster(const policy::Policy& policy);

/// `policy` with its workspace's part of `folder` protected: the box must not be able to change what will be played, or
/// run, on the host. The same policy when `folder` lies elsewhere.
policy::Policy protect_folder(const policy::Policy& policy, const std::filesystem::path& folder);

/// Sets the id maps of a bundle, which are those of Podman's keep-id. Throws support::Error(refused) when there are too
/// few subordinate ids.
void add_id_mappings(oci::HostFacts& facts, const policy::User& user, const podman::Podman& podman);

} // namespace agentbox::generate
