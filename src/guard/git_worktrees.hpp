// SPDX-License-Identifier: Apache-2.0
// The records of Git's working trees, repository/worktrees/NAME. Git deletes a record whose working tree it cannot find
// (`git worktree prune`, `git gc`), and in a box it finds only what is mounted: HEAD, index and logs would be lost.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "guard/workspace_walk.hpp"
#include "policy/policy.hpp"

namespace agentbox::guard {

/// The directories of the host that a box sees, and where.
struct BoxView {
  struct Directory {
    std::filesystem::path source;      ///< on the host
    std::filesystem::path destination; ///< in the box
  };
  std::filesystem::path workspace; ///< on the host
  std::vector<Directory> directories{};
};

/// Returns what the box of `fields` sees: the workspace and the mounts.
BoxView view_of(const policy::PolicyFields& fields);

/// The use that a box makes of the working tree of a record.
enum class WorktreeUse {
  none,      ///< not in the box, or not where the record says: Git in the box considers it deleted
  found,     ///< Git in the box finds it
  workspace, ///< it is the workspace, but Git in the box does not find it where the record says
};

/// Returns how `box` uses the working tree of `record`, which is below the root of `walk`: from its gitdir file.
WorktreeUse use_of_worktree(const Walk& walk, const std::string& record, const BoxView& box);

/// Returns the notice for working trees that were made in the box since `since` (seconds since 1970): Git on the host
/// does not find them before `git worktree repair PATH`. Nothing when there are none. Throws like Walk.
std::optional<std::string> describe_made_worktrees(const policy::PolicyFields& fields, std::int64_t since);

} // namespace agentbox::guard
