// SPDX-License-Identifier: Apache-2.0
#include "review/review_report.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <initializer_list>
#include <set>
#include <string_view>

#include "support/text.hpp"

namespace agentbox::review {
namespace {

constexpr std::size_t k_named = 3; // in a line of the summary

struct Group {
  std::string_view words;
  std::vector<FindingKind> kinds;
};

const std::vector<Group>& groups() {
  static const std::vector<Group> all = {
      {"run or read by Git",
       {FindingKind::git_hook, FindingKind::git_settings, FindingKind::git_link, FindingKind::git_attributes,
        FindingKind::hides_changes}},
      {"run or followed by other tools", {FindingKind::tool_file, FindingKind::steers}},
      {"programs", {FindingKind::set_id, FindingKind::program}},
      {"links and special files", {FindingKind::hard_link, FindingKind::link_out, FindingKind::special}},
  };
  return all;
}

/// Returns a short description of a finding; programs by their directory.
std::string short_name(const ReviewFinding& finding) {
  const std::string path = support::escape_untrusted(finding.path, 80);
  const std::string detail = finding.detail.empty() ? "" : " (" + support::escape_untrusted(finding.detail, 60) + ")";
  return path + detail;
}

std::string directory_of(const std::string& path) {
  return path.substr(0, path.find_last_of('/')); // a program is in a directory
}

/// Returns the first findings of `kinds` in words, programs directory by directory, and how many words there would be
/// in total.
std::pair<std::vector<std::string>, std::size_t> named(const ReviewReport& report,
                                                       const std::vector<FindingKind>& kinds) {
  std::vector<std::string> names;
  std::map<std::string, std::size_t> directories;
  std::vector<const ReviewFinding*> first; // of each detail: a flood of one must not hide another
  std::vector<const ReviewFinding*> others;
  std::size_t all = 0;
  for (const FindingKind kind : kinds) {
    const auto count = report.counts.find(kind);
    all += count == report.counts.end() ? 0 : count->second;
    std::set<std::string_view> details;
    for (const ReviewFinding& finding : report.findings) {
      if (finding.kind == kind && kind == FindingKind::program) {
        ++directories[directory_of(finding.path)];
      } else if (finding.kind == kind) {
        (details.insert(finding.detail).second ? first : others).push_back(&finding);
      }
    }
  }
  first.insert(first.end(), others.begin(), others.end());
  for (std::size_t i = 0; i < std::min(k_named, first.size()); ++i) {
    names.push_back(short_name(*first[i]));
    --all;
  }
  for (const auto& [directory, number] : directories) {
    if (names.size() < k_named) {
      names.push_back(fmt::format("{}/ ({})", support::escape_untrusted(directory, 80), number));
      all -= std::min(all, number);
    }
  }
  return {names, all};
}

} // namespace

std::vector<std::string> summary(const ReviewReport& report) {
  std::vector<std::string> lines;
  if (report.findings.empty()) {
    if (!report.stopped.empty()) {
      lines.push_back("the review of the workspace is incomplete: " + report.stopped);
    }
    return lines;
  }
  lines.push_back(
      fmt::format("new or changed files in the workspace that the host may run or trust{} (all: agentbox review):",
                  report.stopped.empty() ? "" : "; " + report.stopped));
  for (const Group& group : groups()) {
    const auto [names, more] = named(report, group.kinds);
    if (!names.empty()) {
      lines.push_back(fmt::format("  {}: {}{}", group.words, support::join(names, ", "),
                                  more > 0 ? fmt::format(", {} more", more) : ""));
    }
  }
  return lines;
}

std::string text_of(const ReviewReport& report) {
  std::string text;
  for (const auto& [kind, path, detail] : report.findings) {
    text += fmt::format("{:<29} {}{}\n", names_of(kind).text, support::escape_untrusted(path, 4096),
                        detail.empty() ? "" : "  (" + support::escape_untrusted(detail, 300) + ")");
  }
  for (const auto& [kind, count] : report.counts) {
    const auto listed = static_cast<std::size_t>(std::count_if(
        report.findings.begin(), report.findings.end(), [kind = kind](const auto& one) { return one.kind == kind; }));
    if (count > listed) {
      text += fmt::format("{:<29} {} more\n", names_of(kind).text, count - listed);
    }
  }
  if (!report.stopped.empty()) {
    text += fmt::format("the review is incomplete: {}\n", report.stopped);
  }
  return text;
}

} // namespace agentbox::review
