// SPDX-License-Identifier: Apache-2.0
#include "entrypoint/mount_check.hpp"

#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

#include "catch.hpp"
#include "stand_in.hpp"
#include "temp_directory.hpp"

using namespace agentbox::entrypoint;
using namespace agentbox::entrypoint_test;
using Catch::Matchers::Contains;

TEST_CASE("lines of expected mounts") {
  const auto mount = read_expected_mount("65025:1234 /workspace/a b");
  REQUIRE(mount);
  CHECK(mount->id.device == 65025);
  CHECK(mount->id.inode == 1234);
  CHECK(mount->destination == "/workspace/a b");
  for (const char* line :
       {"", "1", "1:2", "1:2 ", "1:2 x", "1:2/x", ":2 /x", "1: /x", "-1:2 /x", "1:2:3 /x", " 1:2 /x"}) {
    INFO(line);
    CHECK_FALSE(read_expected_mount(line));
  }
  CHECK_FALSE(read_expected_mount("1:2 /" + std::string(5000, 'x')));
}

TEST_CASE("a mount of another file than the checked one is refused, and the right one accepted") {
  struct stat info {};
  REQUIRE(stat("/usr", &info) == 0);
  const std::string right = std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino) + " /usr";
  const std::string wrong = std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino + 1) + " /usr";
  const auto outcome_with = [](const std::string& mounts) {
    Surroundings surroundings;
    surroundings.env.push_back("AGENTBOX_MOUNTS=" + mounts);
    return run(surroundings, {"exec", "/bin/sh", "-c", "echo it ran; env"});
  };
  const Outcome good = outcome_with(right + "\n" + right);
  CHECK(good.code == 0);
  CHECK_THAT(good.output, Contains("it ran") && !Contains("AGENTBOX_MOUNTS"));
  for (const std::string& mounts :
       {wrong, right + "\n" + wrong, std::string("nonsense"), std::string("1:2 /no/such/path")}) {
    INFO(mounts);
    const Outcome outcome = outcome_with(mounts);
    CHECK(outcome.code == 126);
    CHECK_THAT(outcome.output, !Contains("it ran"));
  }
}

TEST_CASE("a mount that cannot be accessed is refused in the workspace, and skipped elsewhere") {
  const agentbox::tests::TempDirectory scratch;
  scratch.write("workspace/closed/file", "x");
  const auto workspace = scratch / "workspace";
  const auto before = std::filesystem::current_path();
  const auto code_in = [&](const std::filesystem::path& directory) {
    Surroundings surroundings;
    surroundings.env.push_back("AGENTBOX_MOUNTS=1:2 " + (workspace / "closed/file").string());
    std::filesystem::current_path(directory);
    const int code = run(surroundings, {"exec", "/bin/true"}).code;
    std::filesystem::current_path(before);
    return code;
  };
  std::filesystem::permissions(workspace / "closed", std::filesystem::perms::none);
  CHECK(code_in(workspace) == 126);
  CHECK(code_in("/") == 0);
  std::filesystem::permissions(workspace / "closed", std::filesystem::perms::owner_all);
}

TEST_CASE("the place of agent-entrypoint has no link in it") {
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
