// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string_view>

namespace agentbox::entrypoint {

/// Ends the process (126) unless the box's mounts are exactly those of AGENTBOX_MOUNTS (protocol.hpp): each at its
/// path, read-only if it must be, from the file or directory that was checked before the start, and no other. Between
/// the hook's check and the runtime's mounts, another process could replace a directory by a symbolic link, and back. A
/// path that we cannot access is only compared with /proc/self/mountinfo, because the agent cannot access it either;
/// in the workspace (the working directory), where the agent can change the modes, this ends the process. Without the
/// variable (boxes started from generated files) nothing is compared.
void require_mounts();

/// Removes the variables from the environment.
void forget_mounts();

/// Returns the first part of the absolute `path` below the directory `root` that is not a directory, or, if it is the
/// last one, not a regular file; nothing when all that exist are. Through a symbolic link in an image, agentbox's own
/// program would be looked for in a directory that is mounted there later, for example the project.
std::optional<std::string_view> moved_part(int root, std::string_view path);

} // namespace agentbox::entrypoint
