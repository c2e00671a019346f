// SPDX-License-Identifier: Apache-2.0
#include "boxes/scratch_directory.hpp"

#include <csignal>
#include <cstdlib>
#include <optional>
#include <sys/wait.h>
#include <unistd.h>

#include "catch.hpp"
#include "support/file.hpp"
#include "temp_directory.hpp"

using namespace agentbox;
namespace fs = std::filesystem;

TEST_CASE("what a killed process left is removed, but nothing that is in use or elsewhere") {
  const tests::TempDirectory state;
  setenv("XDG_STATE_HOME", state.path().c_str(), 1);
  boxes::sweep_scratch(); // there is no such directory yet
  const fs::path elsewhere = state / "elsewhere";
  fs::create_directory(elsewhere);
  support::write_file(elsewhere / "file", "");

  const pid_t pid = fork();
  if (pid == 0) {
    const boxes::ScratchDirectory killed("doctor");
    std::error_code ignored;
    fs::create_directory_symlink(elsewhere, killed.path() / "link", ignored);
    raise(SIGKILL);
  }
  waitpid(pid, nullptr, 0);
  const fs::path left = state / "agentbox/scratch" / ("doctor-" + std::to_string(pid));
  REQUIRE(fs::exists(left));

  std::optional<boxes::ScratchDirectory> used;
  used.emplace("sign-in");
  CHECK_FALSE(fs::exists(left));
  CHECK(fs::exists(elsewhere / "file"));
  const fs::path path = used->path();
  CHECK((fs::status(path).permissions() & fs::perms::all) == fs::perms::owner_all);
  boxes::sweep_scratch();
  CHECK(fs::exists(path));
  used.reset();
  CHECK_FALSE(fs::exists(path));
  unsetenv("XDG_STATE_HOME");
}
