// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

namespace agentbox::boxes {

// Podman processes that a killed launcher left behind: this user's processes that have the label of a box among their
// arguments.

/// Waits at most five seconds for `podman pod create` of box `name`: a pod that is not created yet cannot be removed.
void await_orphaned_creation(const std::string& name);

/// Kills the other Podman processes of box `name`. `podman run` ends with the agent, unless the container's monitor was
/// killed too, in which case it would wait forever and keep the pod.
void end_orphans(const std::string& name);

} // namespace agentbox::boxes
