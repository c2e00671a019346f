// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "entrypoint/file_rules.hpp"

namespace agentbox::entrypoint {

/// Runs `argv` (argv[0] looked up in PATH, nullptr-terminated) as a child and behaves as an init: the child leads a
/// process group of its own in the terminal's foreground, signals that reach us are forwarded to that group, orphans
/// are reaped. Returns the child's exit code, 128 + signal when one ended it, 127 when the program does not exist and
/// 126 when it cannot be executed. The variables for agent-entrypoint itself are removed from the child's environment.
/// When the launcher ends, as `leash` shows (leash_end.hpp; -1: none), starts nothing, or returns k_failed; with
/// `watch_firewall`, returns k_failed within six seconds after the firewall has ended.
///
/// The child may only access the files that AGENTBOX_LANDLOCK names (restrict_files(), for `domain`).
int run_as_init(char** argv, int leash, bool watch_firewall, Domain domain);

} // namespace agentbox::entrypoint
