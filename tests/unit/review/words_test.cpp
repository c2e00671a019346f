// SPDX-License-Identifier: Apache-2.0
#include "review/review_report.hpp"

#include "catch.hpp"

using namespace agentbox::review;
using Catch::Matchers::Contains;

namespace {

ReviewReport report_of(std::vector<ReviewFinding> findings) {
  ReviewReport report;
  for (const ReviewFinding& finding : findings) {
    ++report.counts[finding.kind];
  }
  report.findings = std::move(findings);
  return report;
}

} // namespace

TEST_CASE("nothing to report") {
  CHECK(summary({}).empty());
  ReviewReport stopped;
  stopped.stopped = "stopped after 9 files";
  REQUIRE(summary(stopped).size() == 1);
  CHECK_THAT(summary(stopped).front(), Contains("stopped after 9 files"));
}

TEST_CASE("five lines at most, however much there is, with the command that shows the rest") {
  std::vector<ReviewFinding> all;
  for (const auto& [kind, word, text] : k_kinds) {
    for (int i = 0; i < 100; ++i) {
      all.push_back({kind, "d" + std::to_string(i) + "/" + std::string(200, 'x'), std::string(500, 'y')});
    }
  }
  const auto lines = summary(report_of(all));
  CHECK(lines.size() == 5);
  CHECK_THAT(lines.front(), Contains("agentbox review"));
  for (const std::string& line : lines) {
    CHECK(line.size() < 700);
  }
}

TEST_CASE("programs are counted by directory, and what is left out as well") {
  std::vector<ReviewFinding> all;
  for (int i = 0; i < 7; ++i) {
    all.push_back({FindingKind::program, "node_modules/.bin/p" + std::to_string(i), ""});
  }
  const auto lines = summary(report_of(all));
  REQUIRE(lines.size() == 2);
  CHECK(lines[1] == "  programs: node_modules/.bin/ (7)");
  std::vector<ReviewFinding> links;
  for (int i = 0; i < 5; ++i) {
    links.push_back({FindingKind::link_out, "l" + std::to_string(i), "-> /x"});
  }
  CHECK_THAT(summary(report_of(links))[1], Contains("l2 (-> /x), 2 more"));
}

TEST_CASE("one of each sort is named first") {
  std::vector<ReviewFinding> all;
  for (int i = 0; i < 100; ++i) {
    all.push_back({FindingKind::tool_file, "a/.vscode/" + std::to_string(i), "Visual Studio Code"});
  }
  all.push_back({FindingKind::tool_file, "z/.envrc", "direnv"});
  CHECK_THAT(
      summary(report_of(all))[1],
      Contains("a/.vscode/0 (Visual Studio Code), z/.envrc (direnv), a/.vscode/1 (Visual Studio Code), 98 more"));
  CHECK(text_of(report_of(all)).find(" more") == std::string::npos);
}

TEST_CASE("names from the box are escaped") {
  const ReviewReport report = report_of({{FindingKind::git_link, "a\x1b]52;c;x\n", "-> \x1b[2J"}});
  for (const std::string& text : {summary(report)[1], text_of(report)}) {
    CHECK(text.find('\x1b') == std::string::npos);
    CHECK_THAT(text, Contains("\\x1b]52"));
  }
  CHECK(text_of(report).find('\n') == text_of(report).size() - 1);
}
