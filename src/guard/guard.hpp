// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "oci/host_facts.hpp"
#include "policy/policy.hpp"

namespace agentbox::guard {

/// A protected path that is not there, and without which the protection could be got round: Git would obey what the
/// agent puts there.
struct MissingPath {
  std::string path; ///< in the workspace
  bool folder = false;
  std::string content; ///< of a file; means the same to Git as no file

  bool operator==(const MissingPath&) const = default;
};

/// What the policy says of the paths of a workspace. Relative.
struct GuardLists {
  std::vector<std::string> protect;
  std::vector<std::string> mask;
  std::vector<std::string> except; ///< to which Git's settings may lead without their being protected
};

/// What of the protect and mask lists is there, found without following a symbolic link. Sorted, unique, relative.
struct Guarded {
  std::vector<std::string> read_only;
  std::vector<std::string> masked;
  oci::GitLeads leads;
  std::vector<MissingPath> missing;
};

/// More leads than these cannot be protected, and are refused.
inline constexpr std::size_t k_max_leads = 64;

/// Looks below folder `root`, which is the workspace or a writable mount. What the protect list says of `.git/…` holds
/// for the repositories of submodules (.git/modules/*) as well; with it go the links of worktrees (.git/worktrees/*);
/// where .git is a file, that file, and the repository inside the root that it names; and a root that is a repository
/// itself. With `.git/config` goes what settings lead Git to inside the root (find_leads()), as far as it exists.
/// Throws Error(refused) when a part of a path is a symbolic link: a mount over it would land elsewhere, and an agent
/// could have made it; and when settings lead to more than can be followed, or are too long to be read.
Guarded look_at_guarded(const std::filesystem::path& root, const GuardLists& lists);

/// Makes what is missing, without following a symbolic link, and returns what is there now. On a read-only file system
/// and in a folder of somebody else's that we may not write nothing is made: the box cannot make it either. Throws
/// Error(refused) when anything else is in the way.
std::vector<std::string> make_missing(const std::filesystem::path& root, const std::vector<MissingPath>& missing);

/// Takes away again what make_missing() made and what would be in Git's way for no reason: the commondir files that
/// still say what we wrote. No error when that fails.
void remove_made(const std::filesystem::path& root);

/// What to tell the user of a workspace whose repository lies elsewhere (describe()); nothing when it does not.
std::optional<std::string> repository_elsewhere(const policy::PolicyFields& fields);

} // namespace agentbox::guard
