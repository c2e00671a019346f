// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace agentbox::review {

/// Why the host may execute or trust a file that a box made or changed. In the order of the report.
enum class FindingKind {
  git_hook,       ///< Git runs it
  git_settings,   ///< a repository's configuration: new, changed, or redirected (commondir)
  git_link,       ///< a .git file that names another repository
  git_attributes, ///< attributes that name filters, and .gitmodules
  tool_file,      ///< other programs run it: on [protect] paths
  set_id,         ///< set-user-ID or set-group-ID
  program,        ///< executable, in a directory that is often in PATH
  link_out,       ///< a symbolic link that points out of the tree
  special,        ///< a FIFO, socket or device, on which a reader may hang
};

inline constexpr std::array k_kinds = {FindingKind::git_hook,       FindingKind::git_settings, FindingKind::git_link,
                                       FindingKind::git_attributes, FindingKind::tool_file,    FindingKind::set_id,
                                       FindingKind::program,        FindingKind::link_out,     FindingKind::special};

/// Returns the word in JSON: "git-hook", …
std::string_view kind_word(FindingKind kind);

struct ReviewFinding {
  FindingKind kind = FindingKind::git_hook;
  std::string path;   ///< relative to the workspace, absolute in other mounts; not escaped
  std::string detail; ///< "core.fsmonitor", "-> /etc/passwd"; not escaped

  bool operator==(const ReviewFinding&) const = default;
};

/// What a box left that the host may run or trust.
struct ReviewReport {
  std::string box;
  std::filesystem::path workspace;
  std::int64_t since = 0;                    ///< seconds since the epoch: when the box started
  std::vector<ReviewFinding> findings;       ///< sorted by kind, then path; at most k_max_findings of a kind
  std::map<FindingKind, std::size_t> counts; ///< including those that are not listed
  std::size_t looked_at = 0;
  std::string stopped; ///< why the scan is incomplete; empty: it is complete

  bool operator==(const ReviewReport&) const = default;
};

inline constexpr std::size_t k_max_findings = 200;

} // namespace agentbox::review
