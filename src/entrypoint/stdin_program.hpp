// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace agentbox::entrypoint {

/// Executes the program on stdin with arguments `argv` and an empty environment. Its file has no name and
/// can be executed but not read, so that no other process of the box can trace it, write to its memory or take its
/// descriptors. For `agentbox verify`, which brings its own program, because programs in the box are not trusted.
/// The file is in the home directory, because SELinux policies may let a container execute its own files but not those
/// in memory; in memory if the home cannot have such a file. Ends the process (126) on failure.
[[noreturn]] void run_program_from_stdin(char** argv);

} // namespace agentbox::entrypoint
