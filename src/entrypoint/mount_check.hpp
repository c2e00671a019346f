// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string_view>

#include "protocol/protocol.hpp"

namespace agentbox::entrypoint {

/// One line of AGENTBOX_MOUNTS: "DEVICE:INODE DESTINATION", decimal numbers, an absolute path.
struct ExpectedMount {
  protocol::FileId id;
  std::string_view destination;
};

/// Parses one line. Returns nothing if it is malformed. Pure.
std::optional<ExpectedMount> read_expected_mount(std::string_view line);

/// Ends the process (126) unless each of the user's paths is mounted from the file or directory that was checked before
/// the start: between the hook's check and the runtime's mount a path could have become a symbolic link. A destination
/// that we cannot access is skipped, because the agent cannot either, but not in the workspace (the working directory),
/// where the agent can change the modes. Without the variable (boxes started from generated files) nothing is compared.
void require_mounts();

/// Returns the first part of the absolute `path` below the directory `root` that is not a directory, or, if it is the
/// last one, not a regular file; nothing when all that exist are. Through a symbolic link in an image, agentbox's own
/// program would be looked for in a directory that is mounted there later, the project for one.
std::optional<std::string_view> moved_part(int root, std::string_view path);

} // namespace agentbox::entrypoint
