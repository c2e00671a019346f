// SPDX-License-Identifier: Apache-2.0
#include "oci/bundle/id_maps.hpp"

#include <algorithm>
#include <string>

#include "support/error.hpp"

namespace agentbox::oci::bundle {

std::vector<IdMapping> keep_id_inside(std::uint32_t box_id) {
  constexpr std::uint32_t k_max_ids = 1U << 24U;
  return {{0, 1, box_id}, {box_id, 0, 1}, {box_id + 1, box_id + 1, k_max_ids}};
}

std::vector<IdMapping> keep_id_outside(std::uint32_t box_id, const std::vector<IdMapping>& rootless) {
  std::vector<IdMapping> result;
  std::uint32_t below = 0; // ids of the box below box_id that are mapped
  for (const IdMapping& inner : keep_id_inside(box_id)) {
    for (const IdMapping& outer : rootless) {
      const std::uint32_t begin = std::max(inner.host_id, outer.container_id);
      const std::uint32_t end = std::min(inner.host_id + inner.size, outer.container_id + outer.size);
      if (begin < end) {
        result.push_back(
            {inner.container_id + (begin - inner.host_id), outer.host_id + (begin - outer.container_id), end - begin});
        below += inner.container_id == 0 ? end - begin : 0;
      }
    }
  }
  if (below < box_id) {
    throw support::Error(support::ExitCode::refused,
                         "you have " + std::to_string(below) + " subordinate IDs, too few for user " +
                             std::to_string(box_id) + " of the box",
                         "agentbox doctor shows how to get a range of 65536");
  }
  return result;
}

} // namespace agentbox::oci::bundle
