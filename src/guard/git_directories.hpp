// SPDX-License-Identifier: Apache-2.0
// Finds the directories of Git repositories. Git itself is never run: it would act on what it finds there.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "guard/git_worktrees.hpp"
#include "guard/workspace_walk.hpp"
#include "policy/policy.hpp"

namespace agentbox::guard {

/// The repositories in the directory of a repository. Paths are relative to the root.
struct GitDirectories {
  std::vector<std::string> repositories;     ///< itself and its submodules', few enough to be mounted one by one
  std::vector<std::string> links;            ///< commondir, gitdir and config.worktree of worktrees that the box uses
  std::vector<std::string> records;          ///< of the other worktrees, each as a whole
  std::vector<std::string> missing_settings; ///< config.worktree files that do not exist and that Git would read
  std::vector<std::string> missing_locks;    ///< locked files that keep Git in the box from deleting the record
  std::vector<std::string> too_many; ///< directories with more than can be mounted one by one: read-only as a whole
  std::vector<std::string> modules;  ///< all repositories found below the modules directory
  bool all_found = true;             ///< false: there are more than the limits allow
};

/// Returns whether the root of `walk` is itself a repository (HEAD, objects, refs): a bare one, or a .git directory.
bool root_is_repository(const Walk& walk);

/// Finds the repositories in repository `git`, a directory (".git", or "" for the root). Bounded in depth and number.
/// Throws Error(refused) on symbolic links.
GitDirectories find_git_directories(const Walk& walk, const std::string& git, const BoxView& box);

/// The longest Git configuration file that is read, in bytes.
inline constexpr std::size_t k_max_settings = 1U << 20U;

/// Throws Error(refused) naming `file` when `length` is more than k_max_settings.
void require_short(const std::filesystem::path& file, std::optional<std::uint64_t> length);

/// Returns a configuration file below the root; empty when it does not exist, is not a regular file, or cannot be read,
/// which Git cannot do either. Throws Error(refused) when it is too long.
std::string read_settings_file(const Walk& walk, const std::string& path);

/// Returns whether the config of repository `directory` enables extensions.worktreeConfig, or may: if so, Git reads
/// config.worktree too. Throws like read_settings_file().
bool uses_worktree_config(const Walk& walk, const std::string& directory);

} // namespace agentbox::guard
