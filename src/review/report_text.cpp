// SPDX-License-Identifier: Apache-2.0
#include "review/report_text.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <initializer_list>

#include "support/text.hpp"

namespace agentbox::review {
namespace {

constexpr std::size_t k_named = 3; // in a line of the summary

struct Group {
  std::string_view words;
  std::vector<Kind> kinds;
};

const std::vector<Group>& groups() {
  static const std::vector<Group> all = {
      {"Git obeys", {Kind::git_hook, Kind::git_settings, Kind::git_link, Kind::git_attributes}},
      {"other tools run", {Kind::tool_file}},
      {"programs", {Kind::set_id, Kind::program}},
      {"links and special files", {Kind::link_out, Kind::special}},
  };
  return all;
}

/// A finding in few words; programs by their folder.
std::string short_name(const Finding& finding) {
  const std::string path = support::escape_untrusted(finding.path, 80);
  const std::string detail = finding.detail.empty() ? "" : " (" + support::escape_untrusted(finding.detail, 60) + ")";
  return path + detail;
}

std::string folder_of(const std::string& path) {
  return path.substr(0, path.find_last_of('/')); // a program lies in a folder
}

/// The first findings of `kinds` in words, programs folder by folder, and how many words there would be in all.
std::pair<std::vector<std::string>, std::size_t> named(const Report& report, const std::vector<Kind>& kinds) {
  std::vector<std::string> names;
  std::map<std::string, std::size_t> folders;
  std::size_t all = 0;
  for (const Kind kind : kinds) {
    const auto count = report.counts.find(kind);
    all += count == report.counts.end() ? 0 : count->second;
    for (const Finding& finding : report.findings) {
      if (finding.kind == kind && kind == Kind::program) {
        ++folders[folder_of(finding.path)];
      } else if (finding.kind == kind && names.size() < k_named) {
        names.push_back(short_name(finding));
        --all;
      }
    }
  }
  for (const auto& [folder, number] : folders) {
    if (names.size() < k_named) {
      names.push_back(fmt::format("{}/ ({})", support::escape_untrusted(folder, 80), number));
      all -= std::min(all, number);
    }
  }
  return {names, all};
}

std::string_view kind_text(Kind kind) {
  switch (kind) {
  case Kind::git_hook: return "Git hook";
  case Kind::git_settings: return "Git settings";
  case Kind::git_link: return "leads Git elsewhere";
  case Kind::git_attributes: return "Git attributes or submodules";
  case Kind::tool_file: return "run by other tools";
  case Kind::set_id: return "set-ID file";
  case Kind::program: return "program";
  case Kind::link_out: return "link out of the tree";
  case Kind::special: return "special file";
  }
  return {};
}

} // namespace

std::string_view kind_word(Kind kind) {
  switch (kind) {
  case Kind::git_hook: return "git-hook";
  case Kind::git_settings: return "git-settings";
  case Kind::git_link: return "git-link";
  case Kind::git_attributes: return "git-attributes";
  case Kind::tool_file: return "tool-file";
  case Kind::set_id: return "set-id";
  case Kind::program: return "program";
  case Kind::link_out: return "link-out";
  case Kind::special: return "special";
  }
  return {};
}

std::vector<std::string> summary(const Report& report) {
  std::vector<std::string> lines;
  if (report.findings.empty()) {
    if (!report.stopped.empty()) {
      lines.push_back("not all of the workspace was looked at for what the host may run: " + report.stopped);
    }
    return lines;
  }
  lines.push_back(fmt::format("new in the workspace, and the host may run or trust it{}; all of it: agentbox review",
                              report.stopped.empty() ? "" : " (" + report.stopped + ")"));
  for (const Group& group : groups()) {
    const auto [names, more] = named(report, group.kinds);
    if (!names.empty()) {
      lines.push_back(fmt::format("  {}: {}{}", group.words, support::join(names, ", "),
                                  more > 0 ? fmt::format(", {} more", more) : ""));
    }
  }
  return lines;
}

std::string text_of(const Report& report) {
  std::string text;
  for (const auto& [kind, path, detail] : report.findings) {
    text += fmt::format("{:<29} {}{}\n", kind_text(kind), support::escape_untrusted(path, 4096),
                        detail.empty() ? "" : "  (" + support::escape_untrusted(detail, 300) + ")");
  }
  for (const auto& [kind, count] : report.counts) {
    if (count > k_max_findings) {
      text += fmt::format("{:<29} {} more\n", kind_text(kind), count - k_max_findings);
    }
  }
  if (!report.stopped.empty()) {
    text += fmt::format("not everything was looked at: {}\n", report.stopped);
  }
  return text;
}

} // namespace agentbox::review
