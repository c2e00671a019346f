// SPDX-License-Identifier: Apache-2.0
#include "entrypoint/file_rules.hpp"

#include <filesystem>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "catch.hpp"
#include "stand_in.hpp"
#include "temp_directory.hpp"

using namespace agentbox::entrypoint;
using namespace agentbox::entrypoint_test;
using Catch::Matchers::Contains;

namespace {

long kernel_abi() {
  return syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

const std::string k_programs = "image \nrw /dev\nrw /proc\n"; // what a shell needs

Outcome run_with(const std::string& rules, const std::string& script) {
  Surroundings surroundings;
  surroundings.env.push_back("AGENTBOX_LANDLOCK=" + rules);
  return run(surroundings, {"exec", "/bin/bash", "-c", script});
}

} // namespace

TEST_CASE("a rule is RIGHTS PATH") {
  CHECK(read_file_rule("r /a b")->path == "/a b");
  CHECK(read_file_rule("r /a")->rights == (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR));
  CHECK(read_file_rule("l /")->rights == LANDLOCK_ACCESS_FS_READ_DIR);
  CHECK((read_file_rule("rwx /a")->rights & LANDLOCK_ACCESS_FS_MAKE_CHAR) == 0);
  CHECK((read_file_rule("rwx /a")->rights & LANDLOCK_ACCESS_FS_REFER) != 0);
  CHECK(read_file_rule("image /home /mnt ")->image);
  CHECK(read_file_rule("image ")->path == " ");
  for (const char* line : {"", "r", "r ", " /a", "r a", "q /a", "image", "image/a", "image /home"}) {
    INFO(line);
    CHECK_FALSE(read_file_rule(line));
  }
  CHECK_FALSE(read_file_rule("r /" + std::string(5000, 'a')));
}

TEST_CASE("rules that cannot be read, or ask for more than the kernel has, start nothing") {
  for (const std::string rules : {"", "abi", "abi 0\n", "abi 1\n", "abi 7\n", "abi 2x\n", "r /\n"}) {
    INFO(rules);
    CHECK_THAT(run_with(rules, "echo it ran").output, !Contains("it ran") && Contains("refused"));
  }
  if (kernel_abi() >= 2) {
    CHECK_THAT(run_with("abi 2\nnonsense\n", "echo it ran").output, !Contains("it ran") && Contains("malformed"));
  }
}

TEST_CASE("the agent can access what the rules name, and nothing else") {
  if (kernel_abi() < 2) {
    WARN("no Landlock here");
    return;
  }
  const agentbox::tests::TempDirectory directory; // in /tmp, which is not a separate mount in the test either
  std::filesystem::create_directories(directory / "open/below");
  std::filesystem::create_directories(directory / "closed");
  directory.write("closed/secret", "secret");
  const std::string open = (directory / "open").string();
  const std::string closed = (directory / "closed").string();
  const std::string rules = "abi 2\nimage /tmp /root /home \nrw /dev\nrw /proc\nrwx " + open + "\n";
  CHECK(run_with(rules, "cat " + closed + "/secret 2>/dev/null || echo no").output == "no\n");
  CHECK(run_with(rules, "ls " + closed + " 2>/dev/null || echo no").output == "no\n");
  CHECK(run_with(rules, "(echo x >" + closed + "/new) 2>/dev/null || echo no").output == "no\n");
  CHECK(run_with(rules, "mv " + closed + " " + open + " 2>/dev/null || echo no").output == "no\n");
  CHECK(run_with(rules, "cd " + open + " && echo x >a && mv a below/b && ln below/b c && mkdir d && cat c").output ==
        "x\n");
  CHECK(run_with(rules, "cp /bin/echo " + open + "/run && " + open + "/run ran").output == "ran\n");
  CHECK(run_with(rules + "r " + closed + "\n",
                 "cat " + closed + "/secret; (echo x >" + closed + "/new) 2>/dev/null || echo no")
            .output == "secretno\n");
  CHECK(run_with(rules, "env | grep -c LANDLOCK").output == "0\n");
}

TEST_CASE("a mount over a directory of the image does not count as the image") {
  if (kernel_abi() < 2) {
    return;
  }
  // /proc is a mount: with the image alone it is closed.
  CHECK(run_with("abi 2\nimage \n", "read line </proc/self/status || echo no").output.find("no\n") !=
        std::string::npos);
  CHECK(run_with("abi 2\nimage \nr /proc\n", "read line </proc/self/status && echo yes").output == "yes\n");
}

TEST_CASE("with Landlock version 6 the agent's processes can signal no others") {
  if (kernel_abi() < 6) {
    WARN("no scopes here");
    return;
  }
  CHECK(
      run_with("abi 6\n" + k_programs, "kill -0 $PPID 2>/dev/null || echo no; sleep 9 & kill $! && echo mine").output ==
      "no\nmine\n");
  CHECK(run_with("abi 5\n" + k_programs, "kill -0 $PPID 2>/dev/null && echo yes").output == "yes\n");
}
