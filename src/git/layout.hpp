// SPDX-License-Identifier: Apache-2.0
// The names in a Git repository (gitrepository-layout(5)) that agentbox acts on. Header only: every library may use it.
#pragma once
#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace agentbox::git {

inline constexpr const char* k_git = ".git"; ///< the repository of a working tree, or a file that names it

// In a repository.
inline constexpr const char* k_config = "config";
inline constexpr const char* k_worktree_config = "config.worktree"; ///< read with extensions.worktreeConfig only
inline constexpr const char* k_hooks = "hooks";
inline constexpr const char* k_head = "HEAD";
inline constexpr const char* k_objects = "objects";
inline constexpr const char* k_lfs = "lfs"; ///< objects of git-lfs(1)
inline constexpr const char* k_refs = "refs";
inline constexpr const char* k_logs = "logs";
inline constexpr const char* k_modules = "modules";     ///< the repositories of submodules
inline constexpr const char* k_worktrees = "worktrees"; ///< a directory for each further working tree
inline constexpr const char* k_commondir = "commondir"; ///< names the repository that has the settings and hooks
inline constexpr const char* k_gitdir = "gitdir";       ///< in worktrees/NAME: names the .git file of the working tree
inline constexpr const char* k_locked = "locked";       ///< in worktrees/NAME: Git does not delete the record
inline constexpr const char* k_info = "info";
inline constexpr const char* k_attributes = "attributes"; ///< in info

// In a working tree.
inline constexpr const char* k_gitattributes = ".gitattributes";
inline constexpr const char* k_gitmodules = ".gitmodules";

// The paths of a working tree's own repository that [protect] paths names by default.
inline constexpr const char* k_own_config = ".git/config";
inline constexpr const char* k_own_worktree_config = ".git/config.worktree";
inline constexpr const char* k_own_hooks = ".git/hooks";
inline constexpr const char* k_own_commondir = ".git/commondir";

/// Returns whether `path` is in the repository of its working tree: ".git/config". False for ".git" itself.
constexpr bool is_in_git(std::string_view path) noexcept {
  return path.starts_with(".git/");
}

/// Returns `part` of repository `directory`, which may be "".
inline std::string join(const std::string& directory, std::string_view part) {
  return directory.empty() ? std::string(part) : directory + "/" + std::string(part);
}

/// Returns whether `path` in a repository is data that Git writes in daily work, never a program: HEAD, COMMIT_EDITMSG,
/// index, refs/…
inline bool is_data(std::string_view path) {
  constexpr std::array<std::string_view, 8> k_data = {"index",   "index.lock",  k_lfs,  k_logs,
                                                      k_objects, "packed-refs", k_refs, "reftable"};
  const std::string_view first = path.substr(0, path.find('/'));
  const auto is_upper = [](char c) { return (c >= 'A' && c <= 'Z') || c == '_'; };
  return std::find(k_data.begin(), k_data.end(), first) != k_data.end() ||
         std::all_of(first.begin(), first.end(), is_upper);
}

} // namespace agentbox::git
