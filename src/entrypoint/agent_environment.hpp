// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace agentbox::entrypoint {

/// Replaces our environment with that of process 1, the box's first process, except for TERM if we have one. For
/// processes that are started later (`podman exec`): they get the agent's variables, whose values are neither in
/// Podman's argv nor in its store. Ends the process (126) if it cannot be read.
void join_environment();

} // namespace agentbox::entrypoint
