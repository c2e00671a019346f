// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "box/plan.hpp"
#include "boxes/registry.hpp"
#include "config/preferences.hpp"
#include "podman/podman.hpp"
#include "podman/podman_info.hpp"
#include "policy/policy.hpp"

namespace agentbox::box {

/// How the plan is shown instead of being done.
enum class DryRun { off, text, json };

/// How a box went.
struct Launched {
  int exit_code = 0;   ///< the command's own, 128 + signal, or one of agentbox's
  bool started = true; ///< false: Podman could not make the agent's container, and has said why on stderr
};

/// How a box is started, besides what it is.
struct LaunchOptions {
  DryRun dry_run = DryRun::off;
  boxes::WorkspaceClaim workspace; ///< the folder that was checked; it must still be the one at the workspace's path
  config::Preferences preferences; ///< of the user's, which no box sees
  bool review = true;              ///< say what the box left that the host may run, and keep it for `agentbox review`
};

/// Starts the box that `policy` describes from `images`, waits for its end and removes all of it. Throws support::Error
/// when the box was refused or its firewall died. Under dry-run nothing is made and the plan goes to stdout.
Launched launch(const policy::Policy& policy, const podman::Podman& podman, const podman::PodmanInfo& facts,
                const Images& images, const LaunchOptions& options);

} // namespace agentbox::box
