// SPDX-License-Identifier: Apache-2.0
// What agentbox knows of a Git repository's files. Git itself is never run: it obeys what it finds there.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/policy.hpp"
#include "session/workspace_walk.hpp"

namespace agentbox::session {

/// The repositories in a repository's folder. Relative paths.
struct GitFolders {
  std::vector<std::string> repositories;     ///< itself, and those of submodules below its modules folder
  std::vector<std::string> links;            ///< commondir, gitdir and config.worktree of its worktrees
  std::vector<std::string> missing_settings; ///< config.worktree of worktrees that Git would read
  std::vector<std::string> too_many;         ///< folders with more than can be mounted one by one: read-only as a whole
};

/// Whether the root of `walk` is itself a repository (HEAD, objects, refs), as bare ones are, and .git folders.
bool root_is_repository(const Walk& walk);

/// Looks below repository `git`, which must be a folder (".git", or "" for the root): bounded in depth and number.
/// Throws Error(refused) for symbolic links.
GitFolders find_git_folders(const Walk& walk, const std::string& git);

/// `part` of repository `folder`, which may be "".
std::string git_path(const std::string& folder, const std::string& part);

/// Whether the config of repository `folder` switches extensions.worktreeConfig on, or may: then Git reads
/// config.worktree beside it.
bool uses_worktree_config(const Walk& walk, const std::string& folder);

/// The folder that a .git file names ("gitdir: …"), as it is written; nothing when `text` is no such file.
std::optional<std::string> gitdir_of(std::string_view text);

/// What repository_elsewhere() says of a workspace with the .git file `text`. Pure.
std::optional<std::string> describe_git_file(std::string_view text, const policy::PolicyFields& fields);

} // namespace agentbox::session
