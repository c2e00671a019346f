// SPDX-License-Identifier: Apache-2.0
#include "support/line_diff.hpp"

#include "catch.hpp"

using agentbox::support::line_diff;
using Lines = std::vector<std::string>;

TEST_CASE("equal texts have no difference") {
  CHECK(line_diff("", "").empty());
  CHECK(line_diff("a\nb\n", "a\nb\n").empty());
}

TEST_CASE("added and removed lines, with their context") {
  CHECK(line_diff("", "a\nb\n") == Lines{"+ a", "+ b"});
  CHECK(line_diff("a\n", "") == Lines{"- a"});
  CHECK(line_diff("a\nb\nc\n", "a\nx\nc\n") == Lines{"  a", "- b", "+ x", "  c"});
  CHECK(line_diff("1\n2\n3\n4\n5\n6\n", "1\n2\n3\n4\n5\n7\n") == Lines{"…", "  5", "- 6", "+ 7"});
  CHECK(line_diff("a\n1\n2\n3\n4\nb\n", "x\n1\n2\n3\n4\ny\n") == Lines{"- a", "+ x", "  1", "…", "  4", "- b", "+ y"});
}

TEST_CASE("huge texts are shown as replaced entirely") {
  std::string before;
  for (int i = 0; i < 3000; ++i) {
    before += "line\n";
  }
  const Lines lines = line_diff(before, "x\n");
  CHECK(lines.size() == 3001);
  CHECK(lines.back() == "+ x");
}
