// SPDX-License-Identifier: Apache-2.0
// Where a repository's settings lead Git inside the workspace. Git itself is never run.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "session/workspace_walk.hpp"

namespace agentbox::session {

/// The paths below the root of `walk` that repository `git` (".git", or "" for the root) obeys because its config says
/// so: core.hooksPath, include.path and includeIf.*.path, and what the included files say. They need not exist.
/// Relative and normal, sorted, unique, at most k_most_leads; no symbolic link is followed.
inline constexpr std::size_t k_most_leads = 64;
std::vector<std::string> led_to(const Walk& walk, const std::string& git);

} // namespace agentbox::session
