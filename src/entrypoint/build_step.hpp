// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace agentbox::entrypoint {

/// Runs `program` (an argv) as a step of an image's build, with no_new_privs, which Podman before 4.4 cannot set, and
/// ends with its exit code. Ends the process with 126 when build_problem() reports something, when the firewall whose
/// nonce is in `gate_file` is not in force (the file has protocol::k_full with --full-network), or when the program
/// moved the path of agent-entrypoint (moved_part()). No process that it started is left when that is checked.
[[noreturn]] void run_build_step(const char* gate_file, char** program);

} // namespace agentbox::entrypoint
