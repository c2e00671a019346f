// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace agentbox::entrypoint {

/// One line of AGENTBOX_LANDLOCK (protocol.hpp).
struct FileRule {
  std::uint64_t rights = 0; ///< LANDLOCK_ACCESS_FS_*
  bool image =
      false; ///< for everything in / that is not a mount; `path` lists what is left out, with a space around each
  std::string_view path;
};

/// Parses "RIGHTS PATH" or "image LEFT OUT..."; nothing for anything else.
std::optional<FileRule> read_file_rule(std::string_view line);

/// The processes that a Landlock domain restricts.
enum class Domain {
  agent,  ///< no signals to outside processes, and no connections to their abstract sockets
  joined, ///< files only: a user's own shell may end what the agent started
};

/// Restricts this process permanently to the files that AGENTBOX_LANDLOCK lists (landlock(7)). Does nothing without the
/// variable, which means that the launcher found no Landlock. Dies when the kernel offers less than the launcher found.
void restrict_files(Domain domain);

} // namespace agentbox::entrypoint
