// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "guard/git_worktrees.hpp"
#include "oci/host_facts.hpp"
#include "policy/policy.hpp"
#include "support/tree_changes.hpp"

namespace agentbox::guard {

/// A protected path that does not exist and must, because Git would act on what the agent creates there.
struct MissingPath {
  std::string path; ///< in the workspace
  bool directory = false;
  std::string content; ///< of a file; Git treats it like a missing file

  bool operator==(const MissingPath&) const = default;
};

/// The path lists of the policy. Relative to the workspace.
struct GuardLists {
  std::vector<std::string> protect;
  std::vector<std::string> mask;
  std::vector<std::string> except;  ///< not protected although the Git configuration refers to them
  std::vector<std::string> shown{}; ///< [mask] except: not masked although their names match
  bool by_name = false;             ///< search the whole tree for what is guarded by name
  bool read_only = false;           ///< a mount that the box cannot write: only masks, and Git settings, matter
  std::int64_t changed_since = 0;   ///< as in TreeFilter; only with by_name
  BoxView box{};                    ///< decides which worktrees of a repository the box uses
};

/// The existing paths of the protect and mask lists, found without following symbolic links.
struct Guarded : oci::GuardedPaths {
  std::map<std::string, std::string> cleaned; ///< by path in read_only: the Git configuration without its credentials
  std::vector<std::string> notices;           ///< what the user should know before the box starts
  oci::GitReferences references;
  std::vector<MissingPath> missing;
  support::TreeChanges changes; ///< with GuardLists::changed_since
};

/// The maximum number of paths that are protected only because the Git configuration refers to them; more are refused.
inline constexpr std::size_t k_max_references = 64;

/// Finds what is guarded below directory `root`: the workspace or a mount (a read-only one: only masks and Git
/// settings).
/// `.git/…` in the protect list also includes the repositories of submodules (.git/modules/*), the records of worktrees
/// (.git/worktrees/*; for those that the box uses, only commondir, gitdir, config.worktree and locked), a .git file and
/// the repository inside the root that it names, and a root that is itself a repository. `.git/config` also includes
/// the existing paths that the Git configuration refers to inside the root (find_references()). Throws Error(refused)
/// when a part of a path is a symbolic link, which would redirect the mount and which an agent could have made; when
/// settings reference more than can be followed, or are too long to be read; when a guarded file has another hard link
/// (require_no_other_names()); and when a directory is case-insensitive.
Guarded find_guarded(const std::filesystem::path& root, const GuardLists& lists);

/// Creates what is missing, without following symbolic links, and returns what exists now. Skips what cannot be created
/// on a read-only file system or in another user's directory: the box cannot either. Throws Error(refused) otherwise.
std::vector<std::string> make_missing(const std::filesystem::path& root, const std::vector<MissingPath>& missing);

/// Removes the commondir and locked files that make_missing() created, where they still have our content: programs
/// other than Git may misinterpret the first, and the second keeps the worktree from being removed. Errors are ignored.
void remove_made(const std::filesystem::path& root);

/// Returns a notice (describe()) if the workspace's repository is elsewhere.
std::optional<std::string> repository_elsewhere(const policy::PolicyFields& fields);

} // namespace agentbox::guard
