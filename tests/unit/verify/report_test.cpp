// SPDX-License-Identifier: Apache-2.0
#include "verify/report.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "support/error.hpp"

namespace agentbox::verify {
namespace {

constexpr const char* k_two = "a\tkernel\tmake a user namespace\tseccomp\tstopped\tEPERM\n"
                              "b\tkernel\tfork\tallowed\tworks\tok\nend\t2\n";

VerifyReport report_with(std::vector<Row> rows) {
  VerifyReport report;
  report.box = "shop";
  report.versions = {{"agentbox", "1.2.3"}};
  report.rows = std::move(rows);
  return report;
}

const Row k_stopped{"a", "kernel", "make a user namespace", "seccomp", Verdict::stopped, "EPERM"};

TEST_CASE("a complete report is read") {
  const std::vector<Row> rows = parse_rows(k_two, 2);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0] == k_stopped);
  CHECK(rows[1].verdict == Verdict::works);
}

TEST_CASE("an incomplete report is refused") {
  for (const char* text : {"", "end\t0\n", "a\tkernel\tx\ty\tstopped\tEPERM\n",
                           "a\tkernel\tx\ty\tstopped\tEPERM\nend\t2\n", "a\tkernel\tx\ty\tstopped\tEPERM\nend\t1x\n",
                           "a\tkernel\tx\ty\tstopped\nend\t1\n", "a\tkernel\tx\ty\tfine\tEPERM\nend\t1\n",
                           "end\t0\na\tkernel\tx\ty\tstopped\tEPERM\n", "\tkernel\tx\ty\tstopped\tEPERM\nend\t1\n"}) {
    INFO(text);
    CHECK_THROWS_AS(parse_rows(text, 1), support::Error);
  }
  CHECK_THROWS_AS(parse_rows(k_two, 3), support::Error); // fewer attempts than there are
}

TEST_CASE("text from the box cannot reach the terminal") {
  const auto rows = parse_rows("a\tkernel\t\x1b]52;c;x\x07\ty\tALLOWED\t\x1b[2J\nend\t1\n", 1);
  const std::string text = to_text(report_with(rows), true, false);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find("\\x1b") != std::string::npos);
}

TEST_CASE("a box passes when every attack was stopped, and there was at least one") {
  CHECK(passed(report_with({k_stopped})));
  CHECK_FALSE(passed(report_with({})));
  for (const auto& [verdict, good] : {std::pair{Verdict::allowed, false},
                                      {Verdict::inconclusive, false},
                                      {Verdict::broken, false},
                                      {Verdict::works, true},
                                      {Verdict::skipped, true}}) {
    Row other = k_stopped;
    other.verdict = verdict;
    CHECK(passed(report_with({k_stopped, other})) == good);
    CHECK_FALSE(passed(report_with({other})));
  }
}

TEST_CASE("the report lists what is not good, and everything on request") {
  Row through = k_stopped;
  through.tried = "load a BPF program";
  through.verdict = Verdict::allowed;
  const VerifyReport report = report_with({k_stopped, through});
  const std::string text = to_text(report, false, false);
  CHECK(text.find("FAIL: 1 attacks stopped, 1 not stopped") != std::string::npos);
  CHECK(text.find("load a BPF program") != std::string::npos);
  CHECK(text.find("make a user namespace") == std::string::npos);
  CHECK(to_text(report, true, false).find("make a user namespace") != std::string::npos);
}

TEST_CASE("the JSON has every attack") {
  VerifyReport report = report_with({k_stopped});
  report.digests["probe"] = "0123";
  const auto document = nlohmann::json::parse(to_json(report));
  CHECK(document.at("holds") == true);
  CHECK(document.at("attacks").size() == 1);
  CHECK(document.at("attacks")[0].at("verdict") == "stopped");
  CHECK(document.at("versions").at("agentbox") == "1.2.3");
  CHECK(document.at("digests").at("probe") == "0123");
}

} // namespace
} // namespace agentbox::verify
