// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <nlohmann/json_fwd.hpp>

namespace agentbox::oci::hook {

/// Checks that each of the user's paths that `ours` mounts is still the file that the launcher checked (device and
/// inode in the annotation org.agentbox.sources), and that no part of it has become a symbolic link. Throws
/// Error(refused) naming the path, including for one without a recorded identity.
void require_recorded_sources(const nlohmann::json& ours);

} // namespace agentbox::oci::hook
