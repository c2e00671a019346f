// SPDX-License-Identifier: Apache-2.0
#include "verify/outside.hpp"

#include <algorithm>

#include "catch.hpp"

namespace agentbox::verify {
namespace {

constexpr const char* k_good =
    "Name:\tsh\nUid:\t1000\t1000\t1000\t1000\nCapInh:\t0000000000000000\nCapPrm:\t0000000000000000\n"
    "CapEff:\t0000000000000000\nCapBnd:\t0000000000000000\nCapAmb:\t0000000000000000\n"
    "NoNewPrivs:\t1\nSeccomp:\t2\n";

std::string without(const std::string& from, const std::string& to) {
  std::string text = k_good;
  return text.replace(text.find(from), from.size(), to);
}

std::size_t holes(const std::vector<SeenProcess>& processes) {
  const std::vector<Row> rows = judge_processes(processes);
  return static_cast<std::size_t>(
      std::count_if(rows.begin(), rows.end(), [](const Row& row) { return row.verdict == Verdict::through; }));
}

TEST_CASE("confined processes pass") {
  CHECK(holes({{1, k_good}, {2, k_good}}) == 0);
}

TEST_CASE("one process that is not confined is found among others") {
  for (const std::string& status :
       {without("Uid:\t1000", "Uid:\t0"), without("CapBnd:\t0000000000000000", "CapBnd:\t0000000000001000"),
        without("NoNewPrivs:\t1", "NoNewPrivs:\t0"), without("Seccomp:\t2", "Seccomp:\t0"),
        without("Seccomp:\t2\n", ""), without("CapAmb:\t0000000000000000\n", "")}) {
    INFO(status);
    CHECK(holes({{1, k_good}, {2, status}, {3, k_good}}) == 1);
  }
}

TEST_CASE("a box without processes proves nothing") {
  CHECK(holes({}) == 4);
}

} // namespace
} // namespace agentbox::verify
