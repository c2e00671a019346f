// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "podman/host_facts.hpp"
#include "podman/podman.hpp"
#include "policy/policy.hpp"
#include "session/plan.hpp"

namespace agentbox::session {

/// How the plan is shown instead of being done.
enum class DryRun { off, text, json };

/// Starts the box that `policy` describes from `images`, waits for its end, removes all of it, and returns the exit
/// code: the command's own, 128 + signal, or one of agentbox's. Throws support::Error when the box did not start.
/// Under dry-run nothing is made and the plan goes to stdout.
int launch(const policy::Policy& policy, const podman::Podman& podman, const podman::HostFacts& facts, const Images& images,
           DryRun dry_run);

} // namespace agentbox::session
