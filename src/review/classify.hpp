// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "review/finding.hpp"

namespace agentbox::review {

/// What is looked at of a file.
inline constexpr std::size_t k_max_content = 256U << 10U;

/// One thing in the tree that changed since the box started.
struct Entry {
  std::string path;           ///< relative to the tree
  unsigned mode = 0;          ///< st_mode
  bool in_repository = false; ///< its folder is what Git takes for a repository
  /// The target of a symbolic link, or the first k_max_content bytes of a regular file. Called only when needed.
  std::function<std::string()> content;
  bool in_hooks = false;   ///< its folder is the hooks folder of a repository
  bool in_records = false; ///< it lies in the refs or logs of one
  bool led_to = false;     ///< Git's settings lead there
};

/// What is to be said of it, if anything. `protect` are the paths of the policy ([protect] paths), which count in every
/// folder of the tree. Pure.
std::optional<Finding> classify(const Entry& entry, const std::vector<std::string>& protect);

/// Whether what lies in `folder` counts because of the names above it: then it was not there before, for the host, when
/// the folder was put there with content that is older. Pure.
bool decides(std::string_view folder, const std::vector<std::string>& protect);

/// Whether programs in `folder` are often in PATH: bin, .bin, sbin, Scripts. Pure.
bool holds_programs(std::string_view folder);

/// Whether Git's settings lead to `path`, or, if `is_link`, to something behind it. Pure.
bool is_led_to(std::string_view path, bool is_link, const std::vector<std::string>& obeyed,
               const std::set<std::string>& named);

/// Whether a symbolic link at `path` with `target` leads out of the tree, by its text alone; one that goes up again
/// from a folder that it names may do so through another link, and counts. Pure.
bool leads_out(std::string_view path, std::string_view target);

} // namespace agentbox::review
