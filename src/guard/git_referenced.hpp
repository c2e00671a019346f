// SPDX-License-Identifier: Apache-2.0
// Where the settings of a repository lead Git inside the workspace. Git itself is never run.
#pragma once
#include <string>
#include <vector>

#include "guard/git_directories.hpp"
#include "guard/git_outside.hpp"
#include "guard/workspace_walk.hpp"

namespace agentbox::guard {

/// Paths below a root, relative and normal, each list sorted and unique.
struct Leads {
  std::vector<std::string> obeyed;   ///< folders of hooks and included files; they need not exist
  std::vector<std::string> programs; ///< files that are there and that a command names
  std::vector<std::string> watched;  ///< what commands name, there or not, and links by which they lead to a program
};

/// What lies below the root of `walk` and is obeyed by Git because of settings: those of `repositories` below the root,
/// with their submodules and worktrees, those `elsewhere`, what these include, and the user's own and the system's.
/// That is hooks (core.hooksPath), included files, and files that the command line of an alias, a filter, an editor, …
/// names, from the top of each working tree. Bounded; throws Error(refused) when there is more than can be followed,
/// and for a file of settings that is too long to be read.
Leads find_leads(const Walk& walk, const std::vector<GitFolders>& repositories,
                 const std::vector<Elsewhere>& elsewhere);

} // namespace agentbox::guard
