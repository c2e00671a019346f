// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string>

#include "podman/podman.hpp"
#include "podman/podman_info.hpp"

namespace agentbox::image {

/// An image's ID is the digest of its configuration and layers; its manifest, with the annotations that old Podmans
/// hand to the runtime, can be another under the same ID. Remembers in `file` the digest of the manifest that image
/// `id` has when it is first seen, which is when it has been built, and throws Error(refused) when it has another one
/// later. `renew`: it was just built anew, and is remembered as it is now. Costs the reading of one small file of
/// Podman's store; where that is not found Podman is asked.
void require_pinned_manifest(const podman::Podman& podman, const podman::PodmanInfo& facts, const std::string& id,
                             const std::filesystem::path& file, bool renew);

/// state_folder()/manifests.json
std::filesystem::path manifest_pins();

} // namespace agentbox::image
