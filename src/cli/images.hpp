// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "box/plan.hpp"
#include "config/load.hpp"
#include "podman/podman.hpp"
#include "policy/policy.hpp"

namespace agentbox::cli {

/// Returns the two images of the box. Builds those that are missing or outdated, or both if `rebuild`.
box::Images ensure_images(const policy::PolicyFields& fields, const config::Preferences& preferences,
                          const podman::Podman& podman, const podman::PodmanInfo& info, bool rebuild);

/// Returns the two images for --dry-run; "(not built yet)" for a missing one. Builds nothing.
box::Images known_images(const policy::PolicyFields& fields);

/// Returns whether both images are in Podman's store.
bool have_images(const podman::Podman& podman, const box::Images& images);

} // namespace agentbox::cli
