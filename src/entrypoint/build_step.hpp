// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace agentbox::entrypoint {

/// Executes `program` (an argv) as a step of an image's build, with no_new_privs, which Podman before 4.4 cannot set.
/// Ends the process (126) when build_problem() reports something, or the network is not the firewall's whose nonce is
/// in protocol::k_build_gate.
[[noreturn]] void run_build_step(char** program);

} // namespace agentbox::entrypoint
