// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string>

#include "podman/podman_info.hpp"

namespace agentbox::image {

/// Throws Error(refused) when base image `id`, called `name`, has ONBUILD instructions, which `podman build` would
/// carry out: ADD fetches URLs from the host's own network, COPY --from reads other images. `podman inspect` does not
/// show them, so this reads the configuration in Podman's store, and also throws if it is not there.
void refuse_onbuild(const podman::PodmanInfo& info, const std::string& id, const std::string& name);

} // namespace agentbox::image
