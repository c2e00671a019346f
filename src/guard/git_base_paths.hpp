// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "guard/workspace_walk.hpp"

namespace agentbox::guard {

/// The directories that relative paths in a repository's settings are resolved against. Absolute and normal.
struct GitPlaces {
  std::vector<std::filesystem::path> trees;       ///< the tops of its working trees
  std::vector<std::filesystem::path> directories; ///< the repository itself: "$GIT_DIR/x" in a command
};

inline constexpr std::size_t k_max_worktrees_followed = 1024;

/// Returns the GitPlaces of repository `directory` below the root: from its core.worktree, and from the gitdir files of
/// its worktrees, at most k_max_worktrees_followed; with the root itself, if `of_root`.
GitPlaces places_of(const Walk& walk, const std::string& directory, bool of_root, const std::filesystem::path& home);

/// Resolves `value` as Git resolves a path (`~/x`, `:(optional)x`) against `base`: absolute, normal, without a trailing
/// slash. Nothing for an empty value and for Git's own files (%(prefix)). `~user` is treated as `home`. Pure.
std::optional<std::filesystem::path> path_of(const std::filesystem::path& base, std::string_view value,
                                             const std::filesystem::path& home);

} // namespace agentbox::guard
