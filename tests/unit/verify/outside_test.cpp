// SPDX-License-Identifier: Apache-2.0
#include "verify/outside.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>

#include "catch.hpp"
#include "temp_directory.hpp"

namespace agentbox::verify {
namespace {

namespace fs = std::filesystem;

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
      std::count_if(rows.begin(), rows.end(), [](const Row& row) { return row.verdict == Verdict::allowed; }));
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

TEST_CASE("a mounted login is named, and a mount that contains another one is found") {
  const tests::TempDirectory directory;
  const fs::path logins = directory.path() / "logins";
  const fs::path host = directory.path() / "host/.claude";
  fs::create_directories(logins / "claude/own/shared");
  fs::create_directories(host);
  fs::create_directories(directory.path() / "project");
  std::ofstream(host / "file") << "login";
  const LoginPaths paths{{{logins / "claude/own/shared", "claude"}, {logins / "codex/own/shared", "codex"}},
                         {host / "file", logins, directory.path() / "missing/file"}};
  const auto key = [](const fs::path& path) {
    struct stat info {};
    REQUIRE(stat(path.c_str(), &info) == 0);
    return FileKey(info.st_dev, info.st_ino);
  };
  const FileKey project = key(directory.path() / "project");
  CHECK(judge_logins({project}, paths).detail == "no login");
  const Row given = judge_logins({project, key(logins / "claude/own/shared")}, paths);
  CHECK(given.verdict == Verdict::stopped);
  CHECK(given.detail == "only the login for claude");
  for (const fs::path& other : {host / "file", host, directory.path(), logins}) {
    INFO(other);
    CHECK(judge_logins({project, key(other), key(logins / "claude/own/shared")}, paths).verdict == Verdict::allowed);
  }
  CHECK(judge_logins({}, paths).verdict == Verdict::allowed);
}

TEST_CASE("a box without processes proves nothing") {
  CHECK(holes({}) == 4);
}

TEST_CASE("with SELinux every process must have the box's exact context, and the policy must confine it") {
  const auto context = [](const char* text) { return selinux::parse_context(text).value(); };
  const selinux::BoxContexts labels{
      context("system_u:system_r:container_t:s0:c5,c6"),      context("system_u:object_r:container_file_t:s0:c5,c6"),
      context("system_u:object_r:container_file_t:s0:c5,c6"), context("system_u:system_r:container_t:s0:c7,c8"),
      context("system_u:object_r:container_file_t:s0:c7,c8"), context("system_u:object_r:container_ro_file_t:s0")};
  const MayRead confines = [&](const selinux::Context& process, const std::string& file) {
    return selinux::parse_context(file)->type == "container_file_t" &&
           selinux::parse_context(file)->level == process.level;
  };
  const auto is_good_row = [](const Row& row) { return is_good(row.verdict); };
  std::vector<SeenProcess> processes = {{1, "", "system_u:system_r:container_t:s0:c5,c6"},
                                        {2, "", "system_u:system_r:container_t:s0:c5,c6"}};
  std::vector<Row> rows = judge_contexts(processes, labels, confines);
  CHECK(rows.size() == 5);
  CHECK(std::all_of(rows.begin(), rows.end(), is_good_row));
  for (const char* other : {"system_u:system_r:container_t:s0:c5,c7", "system_u:system_r:spc_t:s0:c5,c6", ""}) {
    processes[1].context = other;
    CHECK_FALSE(is_good(judge_contexts(processes, labels, confines).front().verdict));
  }
  rows = judge_contexts(processes, labels, [](const auto&, const auto&) { return true; }); // a permissive domain
  CHECK(std::count_if(rows.begin(), rows.end(), is_good_row) == 1);
  CHECK_FALSE(
      is_good(judge_contexts(processes, labels, [](const auto&, const auto&) { return false; }).back().verdict));
  CHECK_FALSE(is_good(judge_contexts({}, labels, confines).front().verdict));
}

} // namespace
} // namespace agentbox::verify
