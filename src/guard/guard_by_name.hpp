// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "guard/guard.hpp"
#include "guard/tree_scan.hpp"
#include "guard/workspace_walk.hpp"

namespace agentbox::guard {

/// The maximum number of files that are masked by name; more are refused, because each is a mount.
inline constexpr std::size_t k_max_by_name = 256;

/// Returns what to look for in a tree (guard_by_name()). A masked directory is skipped.
TreeFilter filter_of(const GuardLists& lists);

/// Adds to `guarded` what a scan of the names in a tree found at any depth: masks for files that hold credentials
/// (policy/hidden_names.hpp) and for Unix sockets and FIFOs; protected names of executes.toml (protect_nested()); what
/// the box sees of a Git configuration with credentials; notices about those, and about directories whose files are
/// hard links to others. Throws Error(refused) when there is too much to search or to mask.
void guard_by_name(const Walk& walk, const GuardLists& lists, const std::vector<std::string>& repositories,
                   TreeNames names, Guarded& guarded);

} // namespace agentbox::guard
