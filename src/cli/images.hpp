// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <optional>

#include "box/plan.hpp"
#include "podman/podman.hpp"
#include "policy/policy.hpp"

namespace agentbox::cli {

/// The two images of the box, built first where they are missing. `recheck` asks Podman whether they are still there.
box::Images ensure_images(const policy::PolicyFields& fields, const podman::Podman& podman,
                          const podman::PodmanInfo& facts, bool rebuild, bool recheck);

/// The two images as far as they are built; a word in brackets stands for one that is not. For --dry-run.
box::Images known_images(const policy::PolicyFields& fields);

/// Whether Podman misses one of `images`. For a box that did not start: on the way to one that does, nobody asks.
bool images_missing(const box::Images& images, const podman::Podman& podman);

} // namespace agentbox::cli
