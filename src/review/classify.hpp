// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "executes/matcher.hpp"
#include "review/review_report.hpp"

namespace agentbox::review {

/// The number of bytes of a file that are examined.
inline constexpr std::size_t k_max_content = 256U << 10U;

/// A file, link or directory that changed since the box started.
struct ChangedFile {
  std::string path;           ///< relative to the tree
  unsigned mode = 0;          ///< st_mode
  bool in_repository = false; ///< its directory is a repository for Git
  /// The target of a symbolic link, or the first k_max_content bytes of a regular file. Called only when needed.
  std::function<std::string()> content;
  bool in_hooks = false;   ///< its directory is the hooks directory of a repository
  bool in_records = false; ///< in refs or logs of a repository
  bool referenced = false; ///< by the Git configuration
};

/// Returns why the host may run or trust the file, if it may. Pure.
std::optional<ReviewFinding> classify(const ChangedFile& entry, const executes::Matcher& known);

/// Returns whether the files in `directory` matter because of the names above them (.git, known names). Even old
/// files are new to the host if such a directory was moved there. Pure.
bool decides(std::string_view directory, const executes::Matcher& known);

/// Returns whether `directory` is often in PATH: bin, .bin, sbin, Scripts. Pure.
bool holds_programs(std::string_view directory);

/// Returns whether the Git configuration refers to `path`, or, if `is_link`, a path below it. Pure.
bool is_referenced(std::string_view path, bool is_link, const std::vector<std::string>& referenced,
                   const std::set<std::string>& command_files);

/// Returns whether a symbolic link at `path` with `target` points out of the tree, judged by text. A ".." after a name
/// counts, because the name may be another link. Pure.
bool leads_out(std::string_view path, std::string_view target);

} // namespace agentbox::review
