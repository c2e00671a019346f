// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "guard/workspace_walk.hpp"

namespace agentbox::guard {

/// Where a path leads a program that follows symbolic links.
struct Followed {
  /// The links on the way, below the root: whoever changes one changes the end.
  std::vector<std::string> links;
  /// The regular file at the end, without a link in its path, where it is below the root.
  std::optional<std::string> file;
};

/// Follows relative and normal `path` below the root of `walk`, over at most 16 links. Opens nothing. Only text: what
/// is protected afterwards must be looked at again.
Followed follow(const Walk& walk, const std::string& path);

} // namespace agentbox::guard
