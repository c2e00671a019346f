// SPDX-License-Identifier: Apache-2.0
// A repository outside the workspace: the one that its .git file names, or that the workspace is a part of. A .git file
// is untrusted: the repository that it names is trusted only if that names the workspace in return.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "guard/workspace_walk.hpp"
#include "policy/policy.hpp"

namespace agentbox::guard {

struct OutsideRepository {
  enum class Kind {
    around,    ///< the repository of a directory above the workspace
    worktree,  ///< repository/worktrees/NAME, whose gitdir file names the workspace's .git
    submodule, ///< its core.worktree is the workspace
    unproven,  ///< neither: the .git file may be forged
  };
  Kind kind = Kind::unproven;
  std::filesystem::path directory;  ///< the directory that the .git file names, absolute and normal
  std::filesystem::path repository; ///< has the settings of all its working trees: `directory`, or what the
                                    ///< commondir file of a worktree names
  std::filesystem::path tree;       ///< the working tree that belongs to it
};

/// Parses the content of a .git file ("gitdir: PATH"): returns PATH as written; nothing for anything else.
std::optional<std::string> gitdir_of(std::string_view text);

/// Returns the path below the root of `walk` that its .git file names; nothing when there is no such path.
std::optional<std::string> repository_inside(const Walk& walk);

/// Returns the repository outside the root of `walk` that its .git file names. Reads at most 64 KiB of each of its
/// files gitdir, commondir and config, and follows no links.
std::optional<OutsideRepository> repository_outside(const Walk& walk);

/// Returns the repository of the nearest directory above the root of `walk` that has one.
std::optional<OutsideRepository> repository_around(const Walk& walk);

/// Returns the notice for a workspace whose repository is elsewhere: where it is, and the flag that mounts it or the
/// directory to start in. An unproven one gets no flag. Nothing when one of the policy's mounts contains it. Pure.
std::optional<std::string> describe(const OutsideRepository& elsewhere, const policy::PolicyFields& fields);

} // namespace agentbox::guard
