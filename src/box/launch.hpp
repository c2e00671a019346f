// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "box/plan.hpp"
#include "box/probe.hpp"
#include "box/run_outcome.hpp"
#include "config/load.hpp"
#include "podman/podman.hpp"
#include "podman/podman_info.hpp"
#include "policy/policy.hpp"

namespace agentbox::box {

/// Form in which the plan is shown instead of being executed.
enum class DryRun { off, text, json };

/// Options of a start, as opposed to the box's policy.
struct LaunchOptions {
  DryRun dry_run = DryRun::off;
  Identities checked;              ///< of the workspace and the mounts when they were checked; at least the workspace's
  bool share_workspace = false;    ///< --share-workspace: other boxes may work in it
  config::Preferences preferences; ///< the user's, which no box sees
  bool review = true; ///< report what the box left that the host may run, and keep it for `agentbox review`
};

/// Starts the box that `policy` describes from `images`, waits until it ends and removes all of it. Throws
/// support::Error when the box was refused or its firewall died, and Interrupted. Under dry-run nothing is made and the
/// plan goes to stdout.
RunOutcome launch(const policy::Policy& policy, const podman::Podman& podman, const podman::PodmanInfo& facts,
                  const Images& images, const LaunchOptions& options);

} // namespace agentbox::box
