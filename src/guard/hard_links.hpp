// SPDX-License-Identifier: Apache-2.0
// A file may have other names (hard links), outside the project or in it: a write through one shows in all of them.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "guard/workspace_walk.hpp"
#include "oci/host_facts.hpp"

namespace agentbox::guard {

/// Throws Error(refused) when a guarded file has a hard link that is not guarded: the box could write, or read, it
/// through that link. Examines at most k_max_guarded_files files, and refuses more, and read-only directories that
/// cannot be examined.
void require_no_other_names(const Walk& walk, const oci::GuardedPaths& guarded);

inline constexpr std::size_t k_max_guarded_files = 20'000;

/// A directory whose files are hard links to those of another one: a box that writes to them in place changes both.
struct LinkedStore {
  std::string path;    ///< relative
  std::string example; ///< the file that was found
};

/// Looks at some files in `repositories` (their objects) and `packages` (node_modules, site-packages). Returns the
/// directories with a file that has more links than were found there. Throws Error(refused) when one cannot be read.
std::vector<LinkedStore> find_linked_stores(const Walk& walk, const std::vector<std::string>& repositories,
                                            const std::vector<std::string>& packages);

/// Returns the notice about a store: what it is and how to separate it from the other one. Pure.
std::string describe(const LinkedStore& store);

} // namespace agentbox::guard
