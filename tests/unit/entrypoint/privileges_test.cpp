// SPDX-License-Identifier: Apache-2.0
#include "entrypoint/privilege_check.hpp"

#include <string>

#include "attacks/attack_io.hpp"
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

TEST_CASE("a build step has a filter, and only the capabilities that package managers need") {
  using agentbox::entrypoint::build_problem;
  const std::string status = "CapInh:\t0000000000000000\nCapPrm:\t00000000800400fb\nCapEff:\t00000000800400fb\n"
                             "CapBnd:\t00000000800400fb\nCapAmb:\t0000000000000000\nSeccomp:\t2\n";
  CHECK_FALSE(build_problem(status).has_value());
  CHECK_FALSE(build_problem(k_confined).has_value());
  for (const std::string more : {"CapBnd:\t00000000800410fb", "CapBnd:\t00000000800424fb", "CapBnd:\t00000000a80425fb",
                                 "CapBnd:\t000001ffffffffff", "CapBnd:\t", "CapBnd:\tx"}) {
    std::string changed_status = status;
    changed_status.replace(changed_status.find("CapBnd"), 24, more);
    INFO(more);
    CHECK(build_problem(changed_status).has_value());
  }
  CHECK(build_problem(status.substr(0, status.find("Seccomp"))).has_value());
  CHECK(build_problem("").has_value());
}

TEST_CASE("the probe distinguishes root of the host from root of a user namespace") {
  using agentbox::attacks::is_hosts_root;
  CHECK(is_hosts_root("         0          0 4294967295\n", 0));
  CHECK_FALSE(is_hosts_root("         0          0 4294967295\n", 1000));
  CHECK_FALSE(is_hosts_root("         0       1000          1\n         1     100000      65536\n", 0));
  CHECK_FALSE(is_hosts_root("", 0));
}
