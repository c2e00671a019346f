// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace agentbox::entrypoint {

/// Puts the environment of process 1, the box's first process, in the place of our own; only TERM stays ours when we
/// have one. For processes that come in later (`podman exec`): they get what the agent got, and its values are neither
/// in Podman's argv nor in its store. Ends the process (126) when it cannot be read.
void join_environment();

} // namespace agentbox::entrypoint
