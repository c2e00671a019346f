// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "guard/workspace_walk.hpp"

namespace agentbox::guard {

/// The file that a program opens at a path when it follows symbolic links.
struct Followed {
  /// The links on the way, below the root. Changing one changes the target.
  std::vector<std::string> links;
  /// The target without links in its path, when it is below the root and a regular file, or a directory if wanted.
  std::optional<std::string> path;
};

/// Follows the relative and normal `path` below the root of `walk` over at most 16 links, without opening anything. The
/// result is text: check again what is protected afterwards.
Followed follow(const Walk& walk, const std::string& path, bool directories = false);

} // namespace agentbox::guard
