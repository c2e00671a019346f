// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace agentbox::entrypoint {

/// Replaces our environment with that of process 1, the box's first process, except for TERM if we have one. For
/// processes that are started later (`podman exec`): they get the agent's variables, whose values are neither in
/// Podman's argv nor in its store. Ends the process (126) if it cannot be read.
void join_environment();

/// Sets TERM to xterm-256color if the image has no description (terminfo(5)) of the terminal that it names, as for most
/// new terminals: programs would end with "unknown terminal type". `directories` end with a null pointer.
void use_known_terminal(const char* const* directories);

/// The directories that ncurses searches in the known distributions.
inline constexpr const char* k_terminfo_directories[] = {"/etc/terminfo", "/lib/terminfo", "/usr/share/terminfo",
                                                         "/usr/lib/terminfo", nullptr};

} // namespace agentbox::entrypoint
