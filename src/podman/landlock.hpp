// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

#include "podman/podman_info.hpp"

namespace agentbox::podman {

/// Returns the version of Landlock (landlock(7)) that boxes on this host use: the kernel's, at most 6, or 0 when it has
/// none, cannot move files between directories under it (version 1), or seccomp profile `profile` lacks its calls.
int landlock_abi(std::string_view profile);

/// Returns the same for the profile that Podman uses.
int landlock_abi(const PodmanInfo& info);

/// Returns the version that the kernel offers, 0 for none.
int kernel_landlock_abi();

} // namespace agentbox::podman
