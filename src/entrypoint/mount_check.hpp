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

/// Reads one line. Pure; nothing for anything else.
std::optional<ExpectedMount> read_expected_mount(std::string_view line);

/// Ends the process (126) unless each path of the user's is mounted from the very file or folder that was looked at
/// before the start: between the hook's look and the runtime's mount a path could have become a symbolic link. A
/// destination that we may not look at is passed over: the agent may not either. Without the variable (boxes that
/// others start from generated files) nothing is compared.
void require_mounts();

} // namespace agentbox::entrypoint
