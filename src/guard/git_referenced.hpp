// SPDX-License-Identifier: Apache-2.0
// The paths in the workspace that the Git configuration refers to: hooks directories, included files, programs. Git
// itself is never run.
#pragma once
#include <string>
#include <vector>

#include "guard/git_directories.hpp"
#include "guard/git_outside.hpp"
#include "guard/workspace_walk.hpp"

namespace agentbox::guard {

/// Paths below a root, relative and normal, each list sorted and unique.
struct References {
  std::vector<std::string> referenced;    ///< hooks directories and included files, whether they exist or not
  std::vector<std::string> programs;      ///< existing files that a command names
  std::vector<std::string> command_files; ///< what commands name, existing or not, and links on the way to a program
};

/// Returns what the Git configuration refers to below the root of `walk`: hooks (core.hooksPath), included files, and
/// files named in the command of an alias, a filter, an editor, …, relative to the top of each working tree. Reads
/// the settings of `repositories` with their submodules and worktrees, of those `elsewhere`, the files that these
/// include, the user's and the system's. Bounded: throws Error(refused) when there is more than can be followed, or a
/// file is too long.
References find_references(const Walk& walk, const std::vector<GitDirectories>& repositories,
                           const std::vector<OutsideRepository>& elsewhere);

} // namespace agentbox::guard
