// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace agentbox::review {

/// Reasons why the host may execute or trust a file that a box made or changed. In the order of the report.
enum class FindingKind {
  git_hook,       ///< Git runs it
  git_settings,   ///< a repository's configuration: new, changed, or redirected (commondir)
  git_link,       ///< a .git file that points to another repository
  git_attributes, ///< attributes that name filters, and .gitmodules
  hides_changes,  ///< keeps changes out of git status, git diff or git log
  tool_file,      ///< other programs run it: names of executes.toml, [protect] paths
  steers,         ///< instructions that coding agents of the host follow
  set_id,         ///< set-user-ID or set-group-ID
  program,        ///< executable, in a directory that is often in PATH
  link_out,       ///< a symbolic link that points out of the tree
  special,        ///< a FIFO, socket or device, on which a reader may hang
  hard_link,      ///< a changed file that has a hard link outside the reviewed trees
};

/// The names of a kind.
struct KindNames {
  FindingKind kind;
  std::string_view word; ///< in JSON
  std::string_view text; ///< a description, for messages
};

/// All kinds, in their order.
inline constexpr std::array k_kinds = {
    KindNames{FindingKind::git_hook, "git-hook", "Git hook"},
    KindNames{FindingKind::git_settings, "git-settings", "Git configuration"},
    KindNames{FindingKind::git_link, "git-link", "points to another repository"},
    KindNames{FindingKind::git_attributes, "git-attributes", "Git attributes or submodules"},
    KindNames{FindingKind::hides_changes, "hides-changes", "hides changes from Git"},
    KindNames{FindingKind::tool_file, "tool-file", "run by other tools"},
    KindNames{FindingKind::steers, "steers", "agent instructions"},
    KindNames{FindingKind::set_id, "set-id", "set-ID file"},
    KindNames{FindingKind::program, "program", "program"},
    KindNames{FindingKind::link_out, "link-out", "symbolic link out of the tree"},
    KindNames{FindingKind::special, "special", "special file"},
    KindNames{FindingKind::hard_link, "hard-link", "hard link to a file outside"},
};

constexpr const KindNames& names_of(FindingKind kind) {
  return k_kinds[static_cast<std::size_t>(kind)];
}

struct ReviewFinding {
  FindingKind kind = FindingKind::git_hook;
  std::string path;   ///< relative to the workspace, absolute in other mounts; not escaped
  std::string detail; ///< "core.fsmonitor", "-> /etc/passwd"; not escaped

  bool operator==(const ReviewFinding&) const = default;
};

/// The files that a box left and that the host may run or trust.
struct ReviewReport {
  std::string box;
  std::filesystem::path workspace;
  std::int64_t since = 0;                    ///< seconds since the epoch: when the box started
  std::vector<ReviewFinding> findings;       ///< sorted by kind, then path; see add_finding()
  std::map<FindingKind, std::size_t> counts; ///< including those that are not listed
  std::size_t looked_at = 0;
  std::string stopped; ///< why the scan is incomplete; empty: it is complete

  bool operator==(const ReviewReport&) const = default;
};

inline constexpr std::size_t k_max_findings = 200;

// add_finding.cpp

/// Counts a finding, and lists it: the first k_max_findings of a kind, and some of each other detail, so that a flood
/// of one sort does not hide another. Long names are cut in the middle.
void add_finding(ReviewReport& report, ReviewFinding finding);

// report_text.cpp

/// Returns what is shown when a box has ended: at most five lines, none when there is nothing to report. Names come
/// from the box and are escaped. Pure.
std::vector<std::string> summary(const ReviewReport& report);

/// Returns the whole report as text, one finding per line. Escaped. Pure.
std::string text_of(const ReviewReport& report);

// report_store.cpp

/// Returns the report as JSON: two-space indent, final newline. Bytes that are not UTF-8 are replaced.
std::string to_json(const ReviewReport& report);
/// Parses the output of to_json(). Throws support::Error(failed) naming `where` for an invalid report.
ReviewReport from_json(std::string_view text, std::string_view where);

/// Returns $XDG_STATE_HOME/agentbox/review, which has the last report of each workspace.
std::filesystem::path review_directory();
/// Saves the report in place of the workspace's last one (mode 0600).
void keep(const std::filesystem::path& directory, const ReviewReport& report);
/// Returns the workspace's last report; nothing when there is none.
std::optional<ReviewReport> last(const std::filesystem::path& directory, const std::filesystem::path& workspace);

} // namespace agentbox::review
