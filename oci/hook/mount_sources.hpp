// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <nlohmann/json_fwd.hpp>

namespace agentbox::oci::hook {

/// Asserts that each path of the user's that `ours` mounts is still the file that the launcher looked at (device and
/// inode in the annotation org.agentbox.sources), and that no part of it has become a symbolic link. A path without
/// a record is refused. Throws Error(refused) naming the path.
void require_recorded_sources(const nlohmann::json& ours);

} // namespace agentbox::oci::hook
