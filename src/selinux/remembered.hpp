// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>

#include "protocol/protocol.hpp"
#include "selinux/context.hpp"

namespace agentbox::selinux {

/// That a directory of the user's was labelled.
struct Remembered {
  protocol::FileId identity;
  Label label;
  std::int64_t time = 0; ///< nanoseconds since the epoch, before the work began

  bool operator==(const Remembered&) const = default;
};

/// Returns what remember() wrote about `path` to `directory`; nothing when there is no valid record.
std::optional<Remembered> recall(const std::filesystem::path& directory, const std::filesystem::path& path);

/// Writes a record about `path` to `directory`, which is made if it is missing. Throws Error(failed).
void remember(const std::filesystem::path& directory, const std::filesystem::path& path, const Remembered& what);

} // namespace agentbox::selinux
