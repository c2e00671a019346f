// SPDX-License-Identifier: Apache-2.0
// One look at the names in the project before a box starts.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "guard/workspace_walk.hpp"

namespace agentbox::guard {

/// What the names in a tree tell. Paths are relative to the root; each list in the order in which it was found.
struct TreeLook {
  std::vector<std::string> named;    ///< files and links for whose name the caller's predicate is true
  std::vector<std::string> channels; ///< Unix sockets and FIFOs: a process of the host may be at the other end
  std::vector<std::string> packages; ///< node_modules, site-packages, conda environments: filled by package managers
  std::vector<std::string>
      closed;         ///< the user's own directories without permission to search them, which the box could change
  std::string unread; ///< the first directory that was not read because of the limits; empty: none
};

/// The directories that are read, and the entries. Breadth first, and what package managers and build tools filled
/// last, so that a full node_modules does not hide what lies beside it.
inline constexpr std::size_t k_max_folders_read = 6000;
inline constexpr std::size_t k_max_entries_read = 250'000;
inline constexpr std::size_t k_max_bulk_folders_read = 400; ///< of them below node_modules and the like

/// Reads the names below the root of `walk`, within the limits, following no links. Neither objects nor references of
/// Git repositories are read, nor directories that cannot be read (see `closed`).
TreeLook look_at_tree(const Walk& walk, const std::function<bool(std::string_view)>& is_wanted);

} // namespace agentbox::guard
