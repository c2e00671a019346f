// SPDX-License-Identifier: Apache-2.0
#include "doctor/check_result.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "good_host.hpp"

using namespace agentbox::doctor;
using agentbox::doctor::test::contains;
using agentbox::doctor::test::good_host;

namespace {

const std::vector<CheckResult> k_findings = {{"one", "One", Status::ok, "fine", ""},
                                             {"two", "The second", Status::missing, "not there", "sudo make it"},
                                             {"three", "Third", Status::degraded, "slow", "hurry"},
                                             {"four", "Fourth", Status::not_applicable, "no", ""}};

} // namespace

TEST_CASE("the report for readers is aligned") {
  CHECK(to_text(good_host(), k_findings, false) == R"(Debian GNU/Linux 12 (bookworm), kernel 6.1.0-18-amd64

  ok        One         fine
  missing   The second  not there
                        fix: sudo make it
  degraded  Third       slow
                        fix: hurry
  -         Fourth      no

This host cannot enforce the isolation of boxes: 1 requirement is missing.
)");
}

TEST_CASE("colour is used only on request") {
  CHECK(contains(to_text(good_host(), k_findings, true), "\033[1;31mmissing \033[0m"));
  CHECK_FALSE(contains(to_text(good_host(), k_findings, false), "\033"));
}

TEST_CASE("text from the host is escaped for the terminal") {
  const std::vector<CheckResult> findings = {{"x", "X", Status::missing, "bad \033]52;c;eA==\007", "a\nb"}};
  const std::string text = to_text(good_host(), findings, false);
  CHECK_FALSE(contains(text, "\033"));
  CHECK_FALSE(contains(text, "a\nb"));
}

TEST_CASE("the verdict") {
  CHECK(
      contains(to_text(good_host(), examine(good_host()), false), "\nThis host can enforce the isolation of boxes.\n"));
  HostReport report = good_host();
  report.disk_free = 1;
  CHECK(contains(to_text(report, examine(report), false), "can enforce the isolation of boxes (1 degraded)"));
  report.podman.silent = true;
  report.podman.error = "no answer";
  CHECK(contains(to_text(report, examine(report), false),
                 "\nIt is unknown whether this host can enforce the isolation of boxes: "));
  CHECK(contains(to_text(report, examine(report), false), "  unknown   Podman"));
  CHECK(contains(to_json(report, examine(report)), R"("status": "unknown")"));
}

TEST_CASE("the report for programs") {
  const auto document = nlohmann::json::parse(to_json(good_host(), k_findings));
  CHECK(document["version"] == 1);
  CHECK(document["enforceable"] == false);
  CHECK(document["findings"].size() == 4);
  CHECK(document["findings"][1] == nlohmann::json{{"id", "two"},
                                                  {"title", "The second"},
                                                  {"status", "missing"},
                                                  {"detail", "not there"},
                                                  {"remedy", "sudo make it"}});
  CHECK(document["findings"][3]["status"] == "not_applicable");
  CHECK(nlohmann::json::parse(to_json(good_host(), examine(good_host())))["enforceable"] == true);
}
