// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "policy/policy.hpp"

namespace agentbox::session {

/// A protected path that is not there, and without which the protection could be got round: Git would obey what the
/// agent puts there.
struct MissingPath {
  std::string path; ///< in the workspace
  bool folder = false;
  std::string content; ///< of a file; means the same to Git as no file

  bool operator==(const MissingPath&) const = default;
};

/// What of the protect and mask lists is there, found without following a symbolic link. Sorted, unique, relative.
struct Guarded {
  std::vector<std::string> read_only;
  std::vector<std::string> masked;
  std::vector<MissingPath> missing;
};

/// Looks below folder `root`, which is the workspace or a writable mount. What the protect list says of `.git/…` holds
/// for the repositories of submodules (.git/modules/*) as well; with it go the links of worktrees (.git/worktrees/*)
/// and, where .git is a file, that file; and for a root that is a repository itself. With `.git/config` goes what it
/// leads Git to inside the root (guarded_leads()), as far as it exists. Throws Error(refused) when a part
/// of a path is a symbolic link: a mount over it would land elsewhere, and an agent could have made it; and when
/// `.git/config` leads to more than can be followed.
Guarded look_at_guarded(const std::filesystem::path& root, const std::vector<std::string>& protect,
                        const std::vector<std::string>& mask);

/// What the settings of the repository at `root` lead Git to below it (see led_to()), whether it exists or not, but for
/// what `protect` lacks of the default list: that was taken off. Empty when `protect` has no .git/config.
std::vector<std::string> guarded_leads(const std::filesystem::path& root, const std::vector<std::string>& protect);

/// Makes what is missing, without following a symbolic link, and returns what is there now. On a read-only file system
/// and in a folder of somebody else's that we may not write nothing is made: the box cannot make it either. Throws
/// Error(refused) when anything else is in the way.
std::vector<std::string> make_missing(const std::filesystem::path& root, const std::vector<MissingPath>& missing);

/// Takes away again what make_missing() made and what would be in Git's way for no reason: the commondir files that
/// still say what we wrote. No error when that fails.
void remove_made(const std::filesystem::path& root);

/// What to tell the user of a workspace whose repository lies elsewhere (a worktree or a submodule): where it is, and
/// the flag that shows it to the box. Only the text of the .git file is read; nothing is followed. Nothing when the
/// repository is in the workspace or one of the policy's mounts holds it.
std::optional<std::string> repository_elsewhere(const policy::PolicyFields& fields);

} // namespace agentbox::session
