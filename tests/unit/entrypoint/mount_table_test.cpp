// SPDX-License-Identifier: Apache-2.0
#include "entrypoint/mount_table.hpp"

#include <string>
#include <vector>

#include "catch.hpp"

using namespace agentbox::entrypoint;

namespace {

using Kind = MountProblem::Kind;

/// Returns a mount for each "PATH" or "PATH TYPE".
std::vector<MountEntry> mounted(const std::vector<const char*>& texts) {
  std::vector<MountEntry> entries;
  for (const std::string_view text : texts) {
    const std::size_t blank = text.find(' ');
    entries.push_back({entries.size(), text.substr(0, blank),
                       blank == std::string_view::npos ? "ext4" : text.substr(blank + 1), false});
  }
  return entries;
}

/// Returns "" if they are as expected, else "missing PATH" or "unlisted PATH".
std::string problem_of(std::vector<MountEntry> mounts, const std::vector<const char*>& lines) {
  std::vector<ExpectedMount> expected;
  for (const char* line : lines) {
    const auto mount = read_expected_mount(line);
    REQUIRE(mount);
    expected.push_back(*mount);
  }
  const auto problem = compare_mounts(mounts, expected);
  return !problem ? "" : (problem->kind == Kind::missing ? "missing " : "unlisted ") + std::string(problem->path);
}

} // namespace

TEST_CASE("lines of expected mounts") {
  const auto mount = read_expected_mount("vrl 65025:1234 /workspace/a\\040b");
  REQUIRE(mount);
  REQUIRE(mount->id);
  CHECK(mount->id->device == 65025);
  CHECK(mount->id->inode == 1234);
  CHECK(mount->path == "/workspace/a\\040b");
  CHECK(mount->read_only);
  CHECK(mount->through_links);
  CHECK(read_expected_mount("c - /x")->kind == ExpectedMount::Kind::covered);
  CHECK(read_expected_mount("o - /x")->kind == ExpectedMount::Kind::optional);
  CHECK_FALSE(read_expected_mount("o - /x")->read_only);
  for (const char* line : {"", "v", "v -", "v - ", "v - x", "- - /x", "z - /x", "v 1 /x", "v :2 /x", "v 1:2:3 /x",
                           " v - /x", "v - /x y", " - /x"}) {
    INFO(line);
    CHECK_FALSE(read_expected_mount(line));
  }
  CHECK_FALSE(read_expected_mount("v - /" + std::string(5000, 'x')));
}

TEST_CASE("lines of /proc/self/mountinfo") {
  const auto plain = read_mount_entry("184 183 0:38 / /sys/fs/cgroup ro,nosuid,nodev - cgroup2 cgroup2 rw");
  REQUIRE(plain);
  CHECK(plain->id == 184);
  CHECK(plain->path == "/sys/fs/cgroup");
  CHECK(plain->type == "cgroup2");
  CHECK(plain->read_only);
  const auto shared = read_mount_entry("36 35 98:0 /a\\040b /x\\040y rw,noatime shared:1 master:2 - ext3 /dev/root ro");
  REQUIRE(shared);
  CHECK(shared->path == "/x\\040y");
  CHECK(shared->type == "ext3");
  CHECK_FALSE(shared->read_only); // only the file system is
  for (const char* line : {"", "x 35 98:0 / /x rw - ext3 a b", "36 35 98:0 / x rw - ext3 a b", "36 35 98:0 / /x rw",
                           "36 35 98:0 / /x rw shared:1"}) {
    INFO(line);
    CHECK_FALSE(read_mount_entry(line));
  }
}

TEST_CASE("each path is mounted as often as it is listed") {
  const auto usual = {"/", "/workspace", "/workspace/a", "/workspace"};
  CHECK(problem_of(mounted(usual), {"o - /", "c - /workspace", "c - /workspace/a", "v - /workspace"}).empty());
  CHECK(problem_of(mounted(usual), {"o - /", "c - /workspace/a", "v - /workspace"}) == "unlisted /workspace");
  CHECK(problem_of(mounted(usual), {"o - /", "c - /workspace", "v - /workspace"}) == "unlisted /workspace/a");
  CHECK(problem_of(mounted(usual), {"o - /", "c - /workspace", "c - /workspace/a", "v - /workspace",
                                    "v - /workspace/b"}) == "missing /workspace/b");
  CHECK(problem_of(mounted(usual), {"o - /", "c - /workspace", "v - /workspace", "v - /workspace",
                                    "c - /workspace/a"}) == "missing /workspace");
  CHECK(problem_of(mounted({"/"}), {"o - /", "o - /dev/console"}).empty());
  CHECK(problem_of(mounted({"/", "/other"}), {"o - /"}) == "unlisted /other");
  CHECK(problem_of({}, {}).empty());
}

TEST_CASE("kernel file systems below /sys are accepted, and nothing else there") {
  CHECK(problem_of(mounted({"/sys sysfs", "/sys/kernel/debug debugfs"}), {"v - /sys"}).empty());
  CHECK(problem_of(mounted({"/sys sysfs", "/sys/fs ext4"}), {"v - /sys"}) == "unlisted /sys/fs");
  CHECK(problem_of(mounted({"/sys sysfs", "/sys/fs proc"}), {"v - /sys"}) == "unlisted /sys/fs");
  CHECK(problem_of(mounted({"/sys sysfs", "/sys sysfs"}), {"v - /sys"}) == "unlisted /sys");
  CHECK(problem_of(mounted({"/proc proc", "/proc/1 proc"}), {"v - /proc"}) == "unlisted /proc/1");
}
