// SPDX-License-Identifier: Apache-2.0
// Case-insensitive directories: a mount over .git/config does not always cover .GIT/CONFIG there.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "guard/workspace_walk.hpp"

namespace agentbox::guard {

/// Returns `name` with the case of each ASCII letter changed; nothing when it has none. Pure.
std::optional<std::string> in_other_case(std::string_view name);

/// Returns whether a directory with these statfs(2) `type` and FS_IOC_GETFLAGS `flags` is always case-insensitive:
/// FAT, exFAT, and directories of ext4 and f2fs with chattr(1) +F. Pure.
bool ignores_case(std::uint64_t type, std::uint64_t flags);

/// Identifies a file: device and inode, for a directory or a file without hard links; nothing for anything else.
using FileAt = std::function<std::optional<std::pair<std::uint64_t, std::uint64_t>>(const std::string&)>;

/// Returns whether one of `names` in a directory is the same file in the other case. Pure.
bool leads_to_one_file(const std::vector<std::string>& names, const FileAt& file_at);

/// Throws Error(refused) when the root, or a directory that has one of the `guarded` paths, is case-insensitive.
void require_case_sensitive(const Walk& walk, const std::vector<std::string>& guarded);

} // namespace agentbox::guard
