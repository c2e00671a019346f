// SPDX-License-Identifier: Apache-2.0
// What agentbox knows of a Git repository's files. Git itself is never run: it obeys what it finds there.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "guard/workspace_walk.hpp"
#include "policy/policy.hpp"

namespace agentbox::guard {

/// The repositories in a repository's folder. Relative paths.
struct GitFolders {
  std::vector<std::string> repositories;     ///< itself, and those of submodules, which can be mounted one by one
  std::vector<std::string> links;            ///< commondir, gitdir and config.worktree of its worktrees
  std::vector<std::string> missing_settings; ///< config.worktree of worktrees that Git would read
  std::vector<std::string> too_many;         ///< folders with more than can be mounted one by one: read-only as a whole
  std::vector<std::string> modules;          ///< the repositories of submodules below its modules folder, more as well
  bool all_found = true;                     ///< false when there are more
};

/// Whether the root of `walk` is itself a repository (HEAD, objects, refs), as bare ones are, and .git folders.
bool root_is_repository(const Walk& walk);

/// Looks below repository `git`, which must be a folder (".git", or "" for the root): bounded in depth and number.
/// Throws Error(refused) for symbolic links.
GitFolders find_git_folders(const Walk& walk, const std::string& git);

/// `part` of repository `folder`, which may be "".
std::string git_path(const std::string& folder, const std::string& part);

/// How much is read of a file of settings.
inline constexpr std::size_t k_max_settings = 1U << 20U;

/// Throws Error(refused) naming `file` when it is longer than that.
void require_short(const std::filesystem::path& file, std::optional<std::uint64_t> length);

/// A file of settings below the root; empty when it is not there, no file, a link, or cannot be read, which Git cannot
/// do either. Throws Error(refused) when it is too long.
std::string read_settings_file(const Walk& walk, const std::string& path);

/// Whether the config of repository `folder` switches extensions.worktreeConfig on, or may: then Git reads
/// config.worktree beside it. Throws like read_settings_file().
bool uses_worktree_config(const Walk& walk, const std::string& folder);

} // namespace agentbox::guard
