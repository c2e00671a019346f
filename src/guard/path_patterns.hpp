// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "guard/workspace_walk.hpp"

namespace agentbox::guard {

/// Returns the existing paths below the root to which a shell may expand `word`, which has variables or wildcards after
/// a name or "./": "./${x}.sh", "tools/*/run". Of the files that a word with wildcards and no variable matches, only
/// programs and shell scripts are returned, because most such words are lists of sources (src/*.c). Empty for any other
/// word, and when more than 64 paths match.
std::vector<std::string> paths_like(const Walk& walk, std::string_view word);

} // namespace agentbox::guard
