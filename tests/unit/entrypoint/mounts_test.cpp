// SPDX-License-Identifier: Apache-2.0
#include "entrypoint/mount_check.hpp"

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include "catch.hpp"
#include "entrypoint/mount_table.hpp"
#include "stand_in.hpp"
#include "temp_directory.hpp"

using namespace agentbox::entrypoint;
using namespace agentbox::entrypoint_test;
using Catch::Matchers::Contains;

namespace {

/// Returns one line for each mount of this process: `required` for that at `path`, the others optional.
std::string list_of_mounts(const std::string& path, const std::string& required) {
  std::ifstream table("/proc/self/mountinfo");
  std::string list;
  for (std::string line; std::getline(table, line);) {
    const auto entry = read_mount_entry(line);
    REQUIRE(entry);
    list += (entry->path == path ? required : "o -") + " " + std::string(entry->path) + "\n";
  }
  return list;
}

std::string identity_of(const char* path) {
  struct stat info {};
  REQUIRE(stat(path, &info) == 0);
  return agentbox::protocol::to_text({info.st_dev, info.st_ino});
}

Outcome outcome_with(const std::vector<std::string>& lists) {
  Surroundings surroundings;
  for (std::size_t i = 0; i < lists.size(); ++i) {
    surroundings.env.push_back(std::string(agentbox::protocol::mounts_variable(i).data()) + "=" + lists[i]);
  }
  return run(surroundings, {"exec", "/bin/sh", "-c", "echo it ran; env"});
}

} // namespace

TEST_CASE("mounts that are exactly the expected ones are accepted") {
  const std::string right = list_of_mounts("/proc", "v " + identity_of("/proc"));
  const std::size_t cut = right.find('\n', right.size() / 2) + 1;
  for (const auto& lists : {std::vector<std::string>{right}, {right.substr(0, cut), right.substr(cut)}}) {
    const Outcome good = outcome_with(lists);
    INFO(good.output);
    CHECK(good.code == 0);
    CHECK_THAT(good.output, Contains("it ran") && !Contains("AGENTBOX_MOUNTS"));
  }
}

TEST_CASE("an unexpected, missing, different or writable mount is refused") {
  const std::string id = identity_of("/proc");
  const std::string right = list_of_mounts("/proc", "v " + id);
  const auto without_proc = [&] {
    const std::string line = "v " + id + " /proc\n";
    return std::string(right).erase(right.find(line), line.size());
  };
  const std::vector<std::pair<std::string, std::string>> cases = {
      {without_proc(), "unexpected mount at /proc "},
      {right + "v - /usr/no-mount\n", "nothing is mounted at /usr/no-mount"},
      {right + "c - /proc\n", "nothing is mounted at /proc "},
      {list_of_mounts("/proc", "v 1:2"), "the source of /proc was replaced"},
      {list_of_mounts("/proc", "vr " + id), "/proc is mounted, but not read-only"},
      {right + "v - /a\033[2J\n", "/a\\x1b[2J"},
      {right + "nonsense\n", "malformed"},
      {"o - /\n", "unexpected mount"},
  };
  for (const auto& [list, message] : cases) {
    const Outcome outcome = outcome_with({list});
    INFO(message);
    CHECK(outcome.code == 126);
    CHECK_THAT(outcome.output, !Contains("it ran") && Contains(message));
  }
}

TEST_CASE("no part of agent-entrypoint's path is a link") {
  const agentbox::tests::TempDirectory scratch;
  const auto bin = scratch / "usr/local/bin";
  const int root = open(scratch.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  REQUIRE(root >= 0);
  const auto moved = [&] {
    return std::string(moved_part(root, "/usr/local/bin/agent-entrypoint").value_or("nothing"));
  };
  CHECK(moved() == "nothing"); // COPY makes what is missing
  scratch.write("usr/local/bin/other", "x");
  CHECK(moved() == "nothing");
  scratch.write("usr/local/bin/agent-entrypoint", "x");
  CHECK(moved() == "nothing");
  std::filesystem::remove(bin / "agent-entrypoint");
  std::filesystem::create_symlink("other", bin / "agent-entrypoint");
  CHECK(moved() == "/usr/local/bin/agent-entrypoint");
  std::filesystem::remove_all(bin);
  std::filesystem::create_symlink("/workspace/x", bin);
  CHECK(moved() == "/usr/local/bin");
  std::filesystem::remove_all(scratch / "usr");
  std::filesystem::create_symlink("workspace", scratch / "usr");
  CHECK(moved() == "/usr");
  close(root);
}
