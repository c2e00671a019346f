// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "review/finding.hpp"

namespace agentbox::review {

/// One thing in the tree that changed since the box started.
struct Entry {
  std::string path;           ///< relative to the tree
  unsigned mode = 0;          ///< st_mode
  bool in_repository = false; ///< its folder is a Git repository's: HEAD, objects and refs lie in it
  /// The target of a symbolic link, or the first bytes of a regular file. Called only when they are needed.
  std::function<std::string()> content;
};

/// What is to be said of it, if anything. `protect` are the paths of the policy ([protect] paths), which count in every
/// folder of the tree. Pure.
std::optional<Finding> classify(const Entry& entry, const std::vector<std::string>& protect);

/// Whether a symbolic link at `path` with `target` leads out of the tree, by its text alone. Pure.
bool leads_out(std::string_view path, std::string_view target);

} // namespace agentbox::review
