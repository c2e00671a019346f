// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

namespace agentbox::boxes {

/// Podman calls that a launcher which was killed left behind: processes of ours that bear the label of box `name` among
/// their arguments.

/// Waits, some seconds at most, for the one that makes the pod: what it has not made yet cannot be removed.
void await_orphaned_creation(const std::string& name);

/// Kills the others. The one that waits for the agent would end with it, unless its container's monitor was killed as
/// well: then it would wait for ever, and hold the pod.
void end_orphans(const std::string& name);

} // namespace agentbox::boxes
