// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace agentbox::entrypoint {

/// Becomes the program whose bytes are on stdin, with `argv` as its arguments and no environment. Its file is in
/// memory, nameless, and may be executed but not read, so that the kernel lets no other process of the box look into
/// it, write to its memory or take its descriptors. For `agentbox verify`, which brings its own program: what lies in
/// the box could be anybody's. Ends the process (126) when that is not possible.
[[noreturn]] void run_program_from_stdin(char** argv);

} // namespace agentbox::entrypoint
