// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "guard/guard.hpp"
#include "guard/workspace_walk.hpp"

namespace agentbox::guard {

/// The maximum number of files that are masked by name; more are refused, because each is a mount.
inline constexpr std::size_t k_max_by_name = 256;

/// Adds to `guarded` what one look at the names in the workspace finds at any depth: masks for files that hold
/// credentials (policy/hidden_names.hpp) and for Unix sockets and FIFOs; what the box sees of Git settings with
/// credentials; notices about those, about directories whose files are hard links to others, and about what was not
/// read. Throws Error(refused) when there are too many to mask.
void guard_by_name(const Walk& walk, const GuardLists& lists, const std::vector<std::string>& repositories,
                   Guarded& guarded);

} // namespace agentbox::guard
