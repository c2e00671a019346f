// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "oci/host_facts.hpp"

namespace agentbox::oci::bundle {

/// A range of subordinate ids (subuid(5)).
struct SubordinateRange {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
};

/// The ranges of the user called `name`, or with number `id`, in the text of /etc/subuid or /etc/subgid. Pure.
std::vector<SubordinateRange> subordinate_ranges(std::string_view text, std::string_view name, std::uint32_t id);

/// The map of Podman's --userns keep-id:uid=BOX_ID as the host's kernel knows it: the box's user is `host_id`, the
/// others are the subordinate ids in their order. Throws support::Error(refused) when there are not enough of them for
/// BOX_ID.
std::vector<IdMapping> keep_id_outside(std::uint32_t box_id, std::uint32_t host_id,
                                       const std::vector<SubordinateRange>& ranges);

/// The same map as seen from `podman unshare`, where the host's user is 0 and the subordinate ids are 1, 2, ….
std::vector<IdMapping> keep_id_inside(std::uint32_t box_id);

} // namespace agentbox::oci::bundle
