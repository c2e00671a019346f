// SPDX-License-Identifier: Apache-2.0
#include "entrypoint/privilege_check.hpp"

#include <string>

#include "catch.hpp"

using agentbox::entrypoint::confinement_problem;

namespace {

const std::string k_confined = "Name:\tagent-entrypoin\nUid:\t1000\t1000\t1000\t1000\n"
                               "CapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n"
                               "CapBnd:\t0000000000000000\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\n";

std::string changed(const std::string& from, const std::string& to) {
  std::string status = k_confined;
  status.replace(status.find(from), from.size(), to);
  return status;
}

} // namespace

TEST_CASE("a confined process has no problem") {
  CHECK_FALSE(confinement_problem(k_confined).has_value());
}

TEST_CASE("each missing piece of the confinement is a problem that names it") {
  for (const std::string name : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"}) {
    const auto one_bit = confinement_problem(changed(name + ":\t0000000000000000", name + ":\t0000000000001000"));
    REQUIRE(one_bit.has_value());
    CHECK(one_bit->find(name) != std::string_view::npos);
    CHECK(confinement_problem(changed(name + ":", "Other:")).has_value());
    CHECK(confinement_problem(changed(name + ":\t0000000000000000", name + ":\t")).has_value());
  }
  CHECK(confinement_problem(changed("NoNewPrivs:\t1", "NoNewPrivs:\t0")).has_value());
  CHECK(confinement_problem(changed("NoNewPrivs:\t1", "NoNewPrivs:\t10")).has_value());
  CHECK(confinement_problem(changed("NoNewPrivs:\t1\n", "")).has_value());
  CHECK(confinement_problem("").has_value());
}
