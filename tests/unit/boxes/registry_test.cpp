// SPDX-License-Identifier: Apache-2.0
#include "boxes/registry.hpp"

#include <csignal>
#include <sys/wait.h>

#include "box.hpp"
#include "boxes/select.hpp"
#include "support/error.hpp"

using namespace agentbox;
using namespace agentbox::boxes;

namespace fs = std::filesystem;

namespace {

void write_record(const SessionPaths& paths, const std::string& name, const std::string& workspace) {
  support::write_file(paths.record(), to_json(SessionRecord{name, "agentbox-" + name, workspace, "codex", "codex",
                                                            getpid(), 1, "a", "f", false}));
}

/// A launcher that claims box `name` and is killed.
void make_dead(const std::string& name) {
  int ready[2]; // NOLINT(*-avoid-c-arrays)
  REQUIRE(pipe(ready) == 0);
  const pid_t pid = fork();
  if (pid == 0) {
    const Claim claim = claim_session(name, session_test::k_somewhere);
    write_record(claim.paths, name, "/w");
    static_cast<void>(!write(ready[1], "x", 1));
    pause();
    _exit(0);
  }
  char byte = 0;
  REQUIRE(read(ready[0], &byte, 1) == 1);
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
  close(ready[0]);
  close(ready[1]);
}

} // namespace

TEST_CASE("a claimed session lives, and nobody else can have its name") {
  const session_test::RuntimeFolder folder;
  CHECK(find_sessions().empty());
  const Claim claim = claim_session("one", session_test::k_somewhere);
  CHECK(fs::status(claim.paths.folder).permissions() == fs::perms::owner_all);
  CHECK_THROWS_AS(claim_session("one", session_test::k_somewhere), NameTaken);
  const auto found = find_sessions();
  REQUIRE(found.size() == 1);
  CHECK(found[0].alive);
  CHECK_FALSE(found[0].record);
  CHECK(claim_dead_sessions().empty());
  remove_session_folder(claim.paths);
  CHECK(find_sessions().empty());
}

TEST_CASE("a killed launcher's session is dead, and taken over once") {
  const session_test::RuntimeFolder folder;
  make_dead("gone");
  const auto found = find_sessions();
  REQUIRE(found.size() == 1);
  CHECK_FALSE(found[0].alive);
  CHECK(found[0].record->workspace == "/w");
  const auto first = claim_dead_sessions();
  CHECK(first.size() == 1);
  CHECK(claim_dead_sessions().empty());
}

TEST_CASE("removing a session follows no symbolic link") {
  const session_test::RuntimeFolder folder;
  const Claim claim = claim_session("one", session_test::k_somewhere);
  fs::create_directories(folder.path() / "precious/folder");
  fs::create_directory_symlink(folder.path() / "precious", claim.paths.folder / "link");
  remove_session_folder(claim.paths);
  CHECK_FALSE(fs::exists(claim.paths.folder));
  CHECK(fs::exists(folder.path() / "precious/folder"));
}

TEST_CASE("which box is meant") {
  const session_test::RuntimeFolder folder;
  CHECK_THROWS_AS(select_running({}, "/w"), support::Error);
  const Claim one = claim_session("one", session_test::k_somewhere);
  write_record(one.paths, "one", "/w");
  CHECK(select_running({}, "/elsewhere").name == "one");
  const Claim two = claim_session("two", session_test::k_somewhere);
  write_record(two.paths, "two", "/v");
  CHECK(select_running({}, "/v").name == "two");
  CHECK(select_running("one", "/v").name == "one");
  CHECK_THROWS_AS(select_running({}, "/elsewhere"), support::Error);
  CHECK_THROWS_WITH(select_running("tw", "/v"), Catch::Matchers::Contains("did you mean \"two\"?"));
}

TEST_CASE("a runtime folder that is not there is refused by name") {
  const session_test::RuntimeFolder folder;
  CHECK_NOTHROW(require_runtime_folder());
  setenv("XDG_RUNTIME_DIR", "/no/such/folder", 1);
  CHECK_THROWS_WITH(require_runtime_folder(), Catch::Matchers::Contains("XDG_RUNTIME_DIR"));
}

TEST_CASE("one box a workspace, unless it is asked for") {
  const session_test::RuntimeFolder folder;
  const WorkspaceClaim here{1, 7, false};
  const auto code_of = [](const std::string& name, const WorkspaceClaim& workspace) {
    try {
      const Claim claim = claim_session(name, workspace);
      remove_session_folder(claim.paths);
      return 0;
    } catch (const support::Error& error) {
      CHECK(error.hint().find("--share-workspace") != std::string::npos);
      return static_cast<int>(error.code());
    }
  };
  {
    const Claim first = claim_session("first", here);
    CHECK(code_of("second", here) == 126);
    CHECK(code_of("first", here) == 126); // the same folder says more than the same name
    CHECK(code_of("second", {1, 7, true}) == 0);
    CHECK(code_of("second", {1, 8, false}) == 0); // another folder
    CHECK(code_of("second", {2, 7, false}) == 0);
    bool alone = false;
    when_alone_in("first", here, [&] { alone = true; });
    CHECK(alone);
    const Claim second = claim_session("second", {1, 7, true});
    alone = false;
    when_alone_in("first", here, [&] { alone = true; });
    CHECK_FALSE(alone);
  }
  CHECK(code_of("third", here) == 0); // a dead launcher's folder holds nobody up
}
