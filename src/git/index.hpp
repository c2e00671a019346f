// SPDX-License-Identifier: Apache-2.0
// Git's index (gitformat-index(5)), as far as it hides changes. Git is never run.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace agentbox::git {

/// A file whose changes `git status` and `git diff` do not show.
struct HiddenFile {
  std::string path;           ///< in the working tree; empty: an entry of the other part of a split index
  bool skip_worktree = false; ///< otherwise assume-unchanged

  bool operator==(const HiddenFile&) const = default;
};

/// The files that an index hides.
struct HiddenFiles {
  std::vector<HiddenFile> files; ///< at most k_max_hidden
  std::size_t count = 0;         ///< of all of them, listed or not
  std::string shared;            ///< of a split index: the name of its other part, "sharedindex.HASH"; otherwise empty
};

inline constexpr std::size_t k_max_hidden = 4096;

/// Returns the files of an index of version 2 to 4 that are marked assume-unchanged or skip-worktree; nothing if it is
/// not an index, or is damaged. The length of its hashes (SHA-1 or SHA-256) is detected. Time is linear. Pure.
std::optional<HiddenFiles> hidden_files(std::string_view index);

} // namespace agentbox::git
