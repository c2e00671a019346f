// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>

#include "protocol/protocol.hpp"
#include "selinux/context.hpp"

namespace agentbox::selinux {

/// The record that a directory of the user was labelled.
struct LabelRecord {
  protocol::FileId identity;
  Label label;
  std::int64_t time = 0; ///< nanoseconds since the epoch, before the work began

  bool operator==(const LabelRecord&) const = default;
};

/// Returns the record about `path` in `directory`; nothing when there is no valid one.
std::optional<LabelRecord> read_label_record(const std::filesystem::path& directory, const std::filesystem::path& path);

/// Writes a record about `path` to `directory`, which is made if it is missing. Throws Error(failed).
void write_label_record(const std::filesystem::path& directory, const std::filesystem::path& path,
                        const LabelRecord& what);

} // namespace agentbox::selinux
