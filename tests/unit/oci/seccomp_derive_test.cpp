// SPDX-License-Identifier: Apache-2.0
#include "oci/seccomp/derive.hpp"

#include <array>
#include <cerrno>
#include <map>
#include <set>

#include "catch.hpp"
#include "unit/oci/sample.hpp"

namespace agentbox::oci::seccomp {
namespace {

using nlohmann::json;
using tests::contains;
using tests::error_of;
using Args = std::array<std::uint64_t, 6>;

bool matches(const json& arg, const Args& args) {
  const std::uint64_t value = args.at(arg.at("index").get<std::size_t>());
  const auto wanted = arg.at("value").get<std::uint64_t>();
  const auto op = arg.at("op").get<std::string>();
  if (op == "SCMP_CMP_MASKED_EQ") {
    return (value & wanted) == arg.at("valueTwo").get<std::uint64_t>();
  }
  const std::map<std::string, bool> results = {{"SCMP_CMP_EQ", value == wanted}, {"SCMP_CMP_NE", value != wanted},
                                               {"SCMP_CMP_GT", value > wanted},  {"SCMP_CMP_GE", value >= wanted},
                                               {"SCMP_CMP_LT", value < wanted},  {"SCMP_CMP_LE", value <= wanted}};
  return results.at(op);
}

/// Returns the answer of filter `oci`: 0 for allowed, else an errno. Fails the test when two rules disagree.
std::uint32_t answer(const json& oci, const std::string& name, const Args& args = {}) {
  std::set<std::uint32_t> answers;
  for (const json& group : oci.at("syscalls")) {
    const json& names = group.at("names");
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      continue;
    }
    const json conditions = group.value("args", json::array());
    if (std::all_of(conditions.begin(), conditions.end(), [&](const json& arg) { return matches(arg, args); })) {
      answers.insert(group.at("action") == "SCMP_ACT_ALLOW" ? 0 : group.at("errnoRet").get<std::uint32_t>());
    }
  }
  INFO(name << " has answers that contradict each other");
  REQUIRE(answers.size() <= 1);
  return answers.empty() ? oci.at("defaultErrnoRet").get<std::uint32_t>() : *answers.begin();
}

json agent_filter(const std::string& profile = "seccomp-debian-12.json", Arch arch = Arch::x86_64) {
  return derive(tests::fixture(profile), Box::agent, arch, {}, "/p.json");
}

json firewall_filter() {
  return derive(tests::fixture("seccomp-debian-12.json"), Box::firewall, Arch::x86_64,
                {"CAP_NET_ADMIN", "CAP_NET_BIND_SERVICE"}, "/p.json");
}

constexpr std::uint64_t k_newuser = 0x10000000;

TEST_CASE("no namespace can be made or entered") {
  for (const char* fixture : {"seccomp-debian-12.json", "seccomp-debian-13.json"}) {
    const json filter = agent_filter(fixture);
    for (const std::uint64_t flag :
         {0x00020000UL, 0x02000000UL, 0x04000000UL, 0x08000000UL, k_newuser, 0x20000000UL, 0x40000000UL}) {
      CHECK(answer(filter, "unshare", {flag}) == EPERM);
      CHECK(answer(filter, "clone", {flag | 17}) == EPERM);
      CHECK(answer(filter, "clone", {flag | 0xFFFFFFFF00000000UL}) == EPERM);
    }
    CHECK(answer(filter, "unshare", {0x80}) == EPERM);
    CHECK(answer(filter, "clone3") == ENOSYS);
    CHECK(answer(filter, "setns") == EPERM);
    // A thread, a process, and an own descriptor table are still possible.
    CHECK(answer(filter, "clone", {0x3D0F00}) == 0);
    CHECK(answer(filter, "clone", {17}) == 0);
    CHECK(answer(filter, "unshare", {0x400}) == 0);
    CHECK(answer(filter, "fork") == 0);
  }
}

TEST_CASE("socket families: UNIX, INET, INET6 and NETLINK_ROUTE only") {
  const json filter = agent_filter();
  for (std::uint64_t family = 0; family < 64; ++family) {
    for (const std::uint64_t protocol : {0UL, 9UL, 12UL, 16UL}) {
      const bool open = family == 1 || family == 2 || family == 10 || (family == 16 && protocol == 0);
      INFO("family " << family << " protocol " << protocol);
      CHECK(answer(filter, "socket", {family, 1, protocol}) == (open ? 0U : EAFNOSUPPORT));
    }
  }
  CHECK(answer(filter, "socketpair", {1, 1, 0}) == 0);
  CHECK(answer(filter, "socketpair", {30, 1, 0}) == EAFNOSUPPORT);
}

TEST_CASE("the kernel looks at 32 bits of a family, the filter at 64") {
  const json filter = agent_filter();
  constexpr std::uint64_t k_high = 0x100000000;
  CHECK(answer(filter, "socket", {k_high | 40, 1, 0}) == EAFNOSUPPORT);
  CHECK(answer(filter, "socket", {0xFFFFFFFFFFFFFFFF, 1, 0}) == EAFNOSUPPORT);
  CHECK(answer(filter, "socket", {16, 3, k_high | 9}) == EAFNOSUPPORT);
}

TEST_CASE("the firewall may speak to nf_tables, and no more") {
  const json filter = firewall_filter();
  CHECK(answer(filter, "socket", {16, 3, 12}) == 0);
  CHECK(answer(filter, "socket", {16, 3, 0}) == 0);
  CHECK(answer(filter, "socket", {16, 3, 9}) == EAFNOSUPPORT);
  CHECK(answer(filter, "socket", {17, 3, 0}) == EAFNOSUPPORT);
  CHECK(answer(filter, "unshare", {k_newuser}) == EPERM);
  CHECK(answer(filter, "splice") == 0);
}

TEST_CASE("personality(2) reads and sets Linux only") {
  const json filter = agent_filter();
  CHECK(answer(filter, "personality", {0}) == 0);
  CHECK(answer(filter, "personality", {0xFFFFFFFF}) == 0);
  for (const std::uint64_t persona : {8UL, 0x20000UL, 0x40000UL, 0x20008UL}) {
    CHECK(answer(filter, "personality", {persona}) != 0);
  }
}

TEST_CASE("programs of a build have the agent's filter, except for chroot") {
  const json agent = agent_filter();
  const json build = derive(tests::fixture("seccomp-debian-12.json"), Box::build, Arch::x86_64,
                            {"CAP_CHOWN", "CAP_SYS_CHROOT", "CAP_SETUID"}, "/p.json");
  CHECK(answer(build, "chroot") == 0);
  CHECK(answer(agent, "chroot") == EPERM);
  for (const TakenAway& entry : taken_away(Box::agent, Arch::x86_64)) {
    for (const std::string& name : entry.names) {
      if (entry.kept_when.empty() && name != "chroot") {
        INFO(name);
        CHECK(answer(build, name) == entry.errno_value);
      }
    }
  }
  CHECK(taken_away(Box::build, Arch::x86_64).size() + 1 == taken_away(Box::agent, Arch::x86_64).size());
}

TEST_CASE("every call that the list removes entirely is denied") {
  const json filter = agent_filter();
  std::size_t count = 0;
  for (const TakenAway& entry : taken_away(Box::agent, Arch::x86_64)) {
    CHECK(!entry.why.empty());
    for (const std::string& name : entry.names) {
      if (entry.kept_when.empty()) {
        INFO(name);
        CHECK(answer(filter, name) == entry.errno_value);
        ++count;
      }
    }
  }
  CHECK(count > 60);
}

TEST_CASE("calls that compilers, git and the agents need stay allowed") {
  const json filter = agent_filter();
  for (const char* name : {"execve",
                           "openat",
                           "mmap",
                           "futex",
                           "epoll_wait",
                           "connect",
                           "sendmsg",
                           "prctl",
                           "seccomp",
                           "landlock_create_ruleset",
                           "memfd_create",
                           "rename",
                           "wait4",
                           "ioctl",
                           "pidfd_open",
                           "rseq",
                           "inotify_add_watch",
                           "statx",
                           "copy_file_range",
                           "close_range",
                           "getrandom",
                           "sched_setaffinity"}) {
    INFO(name);
    CHECK(answer(filter, name) == 0);
  }
}

TEST_CASE("nothing is allowed that the host's profile does not allow") {
  json host = tests::json_fixture("seccomp-debian-12.json");
  const json before = to_oci(read_host_profile(host, Arch::x86_64, {}, "/p.json"));
  const json after = agent_filter();
  std::set<std::string> names;
  for (const json& group : after.at("syscalls")) {
    names.insert(group.at("names").begin(), group.at("names").end());
  }
  for (const std::string& name : names) {
    for (const Args& args :
         {Args{}, Args{1}, Args{2, 1, 0}, Args{16, 3, 9}, Args{16, 3, 0}, Args{k_newuser}, Args{8}}) {
      if (answer(after, name, args) == 0) {
        INFO(name);
        CHECK(answer(before, name, args) == 0);
      }
    }
  }
  // A profile that is stricter than ours stays so.
  for (json& group : host["syscalls"]) {
    json& list = group["names"];
    list.erase(std::remove(list.begin(), list.end(), json("socketpair")), list.end());
    if (list == json{"socket"} && group["action"] == "SCMP_ACT_ALLOW") {
      group["args"] = {{{"index", 0}, {"op", "SCMP_CMP_EQ"}, {"value", 1}}};
    }
  }
  const json strict = derive(host.dump(), Box::agent, Arch::x86_64, {}, "/p.json");
  CHECK(answer(strict, "socket", {1, 1, 0}) == 0);
  CHECK(answer(strict, "socket", {2, 1, 0}) == EAFNOSUPPORT);
  CHECK(answer(strict, "socketpair", {1, 1, 0}) == EAFNOSUPPORT);
}

TEST_CASE("clone's flags are compared in the argument that the architecture uses") {
  const json s390x = agent_filter("seccomp-debian-12.json", Arch::s390x);
  CHECK(answer(s390x, "clone", {0, k_newuser}) == EPERM);
  CHECK(answer(s390x, "clone", {k_newuser, 17}) == 0);
  for (const Arch arch : {Arch::aarch64, Arch::ppc64le, Arch::riscv64}) {
    CHECK(answer(agent_filter("seccomp-debian-12.json", arch), "clone", {k_newuser}) == EPERM);
  }
}

TEST_CASE("without a usable host profile there is no filter and no box") {
  CHECK(contains(error_of([] { derive("", Box::agent, Arch::x86_64, {}, "/p.json"); }), "/p.json is missing or empty"));
  CHECK(contains(error_of([] { derive("{", Box::agent, Arch::x86_64, {}, "/p.json"); }), "/p.json is not valid JSON"));
  CHECK(contains(error_of([] { derive("{}", Box::agent, Arch::x86_64, {}, "/p.json"); }), "/p.json"));
}

} // namespace
} // namespace agentbox::oci::seccomp
