// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace agentbox::entrypoint {

/// Runs `agentbox-ask allow HOST [--why TEXT]`: tells the firewall that the agent asks its user to allow a host.
/// Returns the exit code: 0 if the user is shown it or the host is allowed already, 1 if not, 2 for wrong arguments.
int ask_user(int argc, char** argv);

} // namespace agentbox::entrypoint
