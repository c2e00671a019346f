// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "oci/host_facts.hpp"

namespace agentbox::oci::bundle {

/// Returns the id map of Podman's --userns keep-id as seen from `podman unshare`, where the user is 0 and the
/// subordinate IDs are 1, 2, …: `box_id` of the box is the user, every other id a subordinate one.
std::vector<IdMapping> keep_id_inside(std::uint32_t box_id);

/// Returns the same map as seen from the host. `rootless` is the map of `podman unshare`.
/// Throws support::Error(refused) when there are too few subordinate IDs for `box_id`.
std::vector<IdMapping> keep_id_outside(std::uint32_t box_id, const std::vector<IdMapping>& rootless);

} // namespace agentbox::oci::bundle
