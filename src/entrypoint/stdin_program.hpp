// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace agentbox::entrypoint {

/// Executes the program on stdin with arguments `argv` and an empty environment. Its file is anonymous, in memory, and
/// can be executed but not read, so that no other process of the box can trace it, write to its memory or take its
/// descriptors. For `agentbox verify`, which brings its own program, because programs in the box are not trusted.
/// Ends the process (126) on failure.
[[noreturn]] void run_program_from_stdin(char** argv);

} // namespace agentbox::entrypoint
