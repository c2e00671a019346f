// SPDX-License-Identifier: Apache-2.0
#include "oci/seccomp/profile.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "unit/oci/sample.hpp"

namespace agentbox::oci::seccomp {
namespace {

using nlohmann::json;
using tests::contains;
using tests::error_of;

json host(const json& groups) {
  json all = json::array({{{"names", {"execve"}}, {"action", "SCMP_ACT_ALLOW"}}});
  all.insert(all.end(), groups.begin(), groups.end());
  return {{"defaultAction", "SCMP_ACT_ERRNO"}, {"defaultErrnoRet", 38}, {"archMap", json::array()}, {"syscalls", all}};
}

json group(const char* name, const char* action, const json& more = json::object()) {
  json result = {{"names", {name}}, {"action", action}};
  result.update(more);
  return result;
}

Profile read(const json& profile, const std::vector<std::string>& capabilities = {}) {
  return read_host_profile(profile, Arch::x86_64, capabilities, "/p.json");
}

std::string problem(const json& profile) {
  return error_of([&] { read(profile); });
}

TEST_CASE("conditional groups count as Podman counts them") {
  const json more = {
      group("a", "SCMP_ACT_ALLOW", {{"includes", {{"arches", {"amd64"}}}}}),
      group("b", "SCMP_ACT_ALLOW", {{"includes", {{"arches", {"arm64", "arm"}}}}}),
      group("c", "SCMP_ACT_ALLOW", {{"excludes", {{"arches", {"amd64"}}}}}),
      group("d", "SCMP_ACT_ALLOW", {{"includes", {{"caps", {"CAP_X"}}}}}),
      group("d", "SCMP_ACT_ERRNO", {{"errnoRet", 1}, {"excludes", {{"caps", {"CAP_X"}}}}}),
      group("e", "SCMP_ACT_ALLOW", {{"includes", {{"minKernel", "4.8"}}}}),
  };
  const Profile without = read(host(more));
  CHECK(without.syscalls.contains("a"));
  CHECK_FALSE(without.syscalls.contains("b"));
  CHECK_FALSE(without.syscalls.contains("c"));
  CHECK_FALSE(without.syscalls.at("d").at(0).allow);
  CHECK_FALSE(without.syscalls.contains("e"));
  CHECK(read(host(more), {"CAP_X"}).syscalls.at("d").at(0).allow);
}

TEST_CASE("a call that the profile both allows and refuses is refused") {
  const Profile profile =
      read(host(json::array({group("setns", "SCMP_ACT_ALLOW"), group("setns", "SCMP_ACT_ERRNO", {{"errnoRet", 1}})})));
  REQUIRE(profile.syscalls.at("setns").size() == 1);
  CHECK_FALSE(profile.syscalls.at("setns").front().allow);
  CHECK(read(host(json::array({group("setns", "SCMP_ACT_ALLOW")}))).syscalls.at("setns").front().allow);
}

TEST_CASE("several comparisons of one argument are alternatives, as in the runtimes") {
  const json args = {{{"index", 0}, {"value", 1}, {"op", "SCMP_CMP_EQ"}},
                     {{"index", 0}, {"value", 2}, {"op", "SCMP_CMP_EQ"}}};
  CHECK(read(host(json::array({group("x", "SCMP_ACT_ALLOW", {{"args", args}})}))).syscalls.at("x").size() == 2);
  json two = args;
  two[1]["index"] = 1;
  CHECK(read(host(json::array({group("x", "SCMP_ACT_ALLOW", {{"args", two}})}))).syscalls.at("x").size() == 1);
}

TEST_CASE("a profile that allows by default is refused") {
  for (const char* action : {"SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_TRACE", "SCMP_ACT_NOTIFY"}) {
    json profile = host(json::array());
    profile["defaultAction"] = action;
    CHECK(contains(problem(profile), "/p.json"));
  }
  CHECK(problem(host(json::array())).empty());
}

TEST_CASE("what is not understood is refused") {
  CHECK(contains(problem(json::array()), "object"));
  CHECK(contains(problem({{"defaultAction", "SCMP_ACT_ERRNO"}}), "syscalls"));
  CHECK(contains(problem(host(json::array({group("x", "SCMP_ACT_MAYBE")}))), "SCMP_ACT_MAYBE"));
  CHECK(contains(problem(host(json::array({group("x", "SCMP_ACT_ALLOW", {{"unless", true}})}))), "unless"));
  CHECK(
      contains(problem(host(json::array({group("x", "SCMP_ACT_ALLOW", {{"includes", {{"moon", "full"}}}})}))), "moon"));
  CHECK(contains(problem(host(json::array({group("x", "SCMP_ACT_ALLOW", {{"includes", json::array({"caps"})}})}))),
                 "object"));
  CHECK(contains(problem(host(json::array({group("x", "SCMP_ACT_ERRNO", {{"errnoRet", 0}})}))), "errnoRet"));
  const json bad_index = json::array({{{"index", 6}, {"value", 1}, {"op", "SCMP_CMP_EQ"}}});
  CHECK(contains(problem(host(json::array({group("x", "SCMP_ACT_ALLOW", {{"args", bad_index}})}))), "six"));
  const json bad_op = json::array({{{"index", 0}, {"value", 1}, {"op", "SCMP_CMP_XX"}}});
  CHECK(contains(problem(host(json::array({group("x", "SCMP_ACT_ALLOW", {{"args", bad_op}})}))), "SCMP_CMP_XX"));
  json empty = host(json::array());
  empty["syscalls"] = json::array();
  CHECK(contains(problem(empty), "execve"));
}

TEST_CASE("only the native architecture is listed") {
  const json oci = to_oci(read(tests::json_fixture("seccomp-debian-12.json")));
  CHECK(oci.at("architectures") == json::array({"SCMP_ARCH_X86_64"}));
  CHECK(oci.at("defaultAction") == "SCMP_ACT_ERRNO");
  CHECK_FALSE(oci.contains("flags"));
}

} // namespace
} // namespace agentbox::oci::seccomp
