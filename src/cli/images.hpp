// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "podman/podman.hpp"
#include "policy/policy.hpp"
#include "session/plan.hpp"

namespace agentbox::cli {

/// The two images of the box, built first where they are missing.
session::Images ensure_images(const policy::PolicyFields& fields, const podman::Podman& podman, bool rebuild);

/// The two images as far as they are there already; the tag stands for one that is not. For --dry-run: nothing is built.
session::Images known_images(const policy::PolicyFields& fields, const podman::Podman& podman);

} // namespace agentbox::cli
