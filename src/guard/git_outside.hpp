// SPDX-License-Identifier: Apache-2.0
// A repository outside of the workspace: the one that its .git file names, or that it is a part of. A .git file is
// anybody's text: what it names is looked at for what it says of the workspace, and nothing else.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "guard/workspace_walk.hpp"
#include "policy/policy.hpp"

namespace agentbox::guard {

struct Elsewhere {
  enum class Kind {
    around,    ///< the repository of a folder above the workspace
    worktree,  ///< repository/worktrees/NAME, whose gitdir file names the workspace's .git
    submodule, ///< its core.worktree is the workspace
    unproven,  ///< it says neither: the .git file may be made up
  };
  Kind kind = Kind::unproven;
  std::filesystem::path folder;     ///< what the .git file names, absolute and normal
  std::filesystem::path repository; ///< where the settings of all its working trees lie: `folder`, or of a worktree the
                                    ///< folder that its commondir names
  std::filesystem::path tree;       ///< the working tree that belongs to it
};

/// The folder that a .git file names ("gitdir: …"), as it is written; nothing when `text` is no such file.
std::optional<std::string> gitdir_of(std::string_view text);

/// The path below the root of `walk` that its .git file names; nothing when .git is no file or names something else.
std::optional<std::string> repository_inside(const Walk& walk);

/// The repository outside of the root of `walk` that its .git file names. Reads at most 64 KiB of the files gitdir,
/// commondir and config in it, and follows no link in doing so.
std::optional<Elsewhere> repository_outside(const Walk& walk);

/// The repository of the nearest folder above the root of `walk` that has one: of a workspace that is a part of it.
std::optional<Elsewhere> repository_around(const Walk& walk);

/// What to tell the user of a workspace whose repository lies elsewhere: where it is, and the flag that shows it to the
/// box, or the folder to start in; of one that is unproven no flag. Nothing when one of the policy's mounts holds it.
/// Pure.
std::optional<std::string> describe(const Elsewhere& elsewhere, const policy::PolicyFields& fields);

} // namespace agentbox::guard
