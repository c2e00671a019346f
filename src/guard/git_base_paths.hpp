// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "guard/workspace_walk.hpp"

namespace agentbox::guard {

/// Where the paths in a repository's settings count from. Absolute and normal.
struct GitPlaces {
  std::vector<std::filesystem::path> trees;   ///< the tops of its working trees
  std::vector<std::filesystem::path> folders; ///< its own: a shell finds "$GIT_DIR/x" there
};

inline constexpr std::size_t k_max_worktrees_followed = 1024;

/// The places of repository `folder` below the root, by its core.worktree and the gitdir files of its worktrees, of
/// which at most k_max_worktrees_followed are read; with the root itself, if `of_root`.
GitPlaces places_of(const Walk& walk, const std::string& folder, bool of_root, const std::filesystem::path& home);

/// `value` as Git reads a path (`~/x`, `:(optional)x`), below `base`: absolute, normal, without a slash at the end.
/// Nothing when it names none of the user's files. Anybody's home folder is taken for `home`. Pure.
std::optional<std::filesystem::path> path_of(const std::filesystem::path& base, std::string_view value,
                                             const std::filesystem::path& home);

/// Whether `path` in a repository's folder is what Git writes there in daily work, and no program: HEAD,
/// COMMIT_EDITMSG, index, refs/… Pure.
bool is_git_data(std::string_view path);

} // namespace agentbox::guard
