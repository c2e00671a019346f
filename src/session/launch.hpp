// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "config/preferences.hpp"
#include "podman/host_facts.hpp"
#include "podman/podman.hpp"
#include "policy/policy.hpp"
#include "session/plan.hpp"

namespace agentbox::session {

/// How the plan is shown instead of being done.
enum class DryRun { off, text, json };

/// How a box went.
struct Launched {
  int exit_code = 0;   ///< the command's own, 128 + signal, or one of agentbox's
  bool started = true; ///< false: Podman could not make the agent's container, and has said why on stderr
};

/// Starts the box that `policy` describes from `images`, waits for its end and removes all of it. Throws support::Error
/// when the box was refused or its firewall died. Under dry-run nothing is made and the plan goes to stdout.
Launched launch(const policy::Policy& policy, const podman::Podman& podman, const podman::HostFacts& facts,
                const Images& images, DryRun dry_run, const config::Preferences& preferences = {});

} // namespace agentbox::session
