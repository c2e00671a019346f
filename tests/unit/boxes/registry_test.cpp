// SPDX-License-Identifier: Apache-2.0
#include "boxes/registry.hpp"

#include <atomic>
#include <chrono>
#include <csignal>
#include <mutex>
#include <poll.h>
#include <sys/wait.h>
#include <thread>

#include "box.hpp"
#include "boxes/select.hpp"
#include "support/command.hpp"
#include "support/error.hpp"
#include "support/pidfd.hpp"
#include "support/signals.hpp"

using namespace agentbox;
using namespace agentbox::boxes;

namespace fs = std::filesystem;

namespace {

void write_record(const SessionPaths& paths, const std::string& name, const std::string& workspace) {
  support::write_file(paths.record(), to_json(SessionRecord{name, "agentbox-" + name, workspace, "codex", "codex",
                                                            getpid(), 1, "a", "f", false}));
}

/// Starts a launcher that has claimed box `name` and, when it gets SIGTERM, removes its session and ends.
pid_t start_launcher(const std::string& name) {
  int ready[2]; // NOLINT(*-avoid-c-arrays)
  REQUIRE(pipe(ready) == 0);
  const pid_t pid = fork();
  if (pid == 0) {
    const support::Signals signals;
    const Claim claim = claim_session(name, session_test::k_somewhere);
    write_record(claim.paths, name, "/w");
    static_cast<void>(!write(ready[1], "x", 1));
    pollfd watched{signals.fd(), POLLIN, 0};
    poll(&watched, 1, -1);
    std::this_thread::sleep_for(std::chrono::milliseconds(2)); // the pod's removal
    remove_session(claim);
    _exit(0);
  }
  close(ready[1]);
  char byte = 0;
  REQUIRE(read(ready[0], &byte, 1) == 1);
  close(ready[0]);
  return pid;
}

/// Starts a launcher that claims box `name`, and kills it.
void make_dead(const std::string& name) {
  const pid_t pid = start_launcher(name);
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
}

} // namespace

TEST_CASE("a claimed session lives, and nobody else can have its name") {
  const session_test::RuntimeDirectory directory;
  CHECK(find_sessions().empty());
  const Claim claim = claim_session("one", session_test::k_somewhere);
  CHECK(fs::status(claim.paths.directory).permissions() == fs::perms::owner_all);
  CHECK_THROWS_AS(claim_session("one", session_test::k_somewhere), NameTaken);
  const auto found = find_sessions();
  REQUIRE(found.size() == 1);
  CHECK(found[0].alive);
  CHECK_FALSE(found[0].record);
  CHECK_FALSE(claim_dead_session("one", IfClaimed::skip));
  remove_session(claim);
  CHECK(find_sessions().empty());
}

TEST_CASE("a killed launcher's session is dead, and can be claimed only once") {
  const session_test::RuntimeDirectory directory;
  make_dead("gone");
  const auto found = find_sessions();
  REQUIRE(found.size() == 1);
  CHECK_FALSE(found[0].alive);
  CHECK(found[0].record->workspace == "/w");
  const auto first = claim_dead_session("gone", IfClaimed::skip);
  CHECK(first);
  CHECK_FALSE(claim_dead_session("gone", IfClaimed::skip));
  CHECK_FALSE(find_sessions()[0].alive); // while it is being removed
  CHECK_FALSE(open_launcher("gone"));
}

TEST_CASE("removing a session follows no symbolic link") {
  const session_test::RuntimeDirectory directory;
  const Claim claim = claim_session("one", session_test::k_somewhere);
  fs::create_directories(directory.path() / "precious/directory");
  fs::create_directory_symlink(directory.path() / "precious", claim.paths.directory / "link");
  remove_session(claim);
  CHECK_FALSE(fs::exists(claim.paths.directory));
  CHECK(fs::exists(directory.path() / "precious/directory"));
}

TEST_CASE("directories that nobody may enter are removed as well") {
  const session_test::RuntimeDirectory directory;
  const Claim claim = claim_session("one", session_test::k_somewhere);
  for (const char* path : {"run/failed/deep/deeper", "run/ready/file"}) {
    fs::create_directories(claim.paths.directory / path);
  }
  for (const char* path : {"run/failed/deep/deeper", "run/failed/deep", "run/failed", "run/ready", "run"}) {
    fs::permissions(claim.paths.directory / path, fs::perms::none);
  }
  remove_session(claim);
  CHECK(fs::is_empty(sessions_directory()) == false); // the registry's lock
  CHECK(find_sessions().empty());
  CHECK_FALSE(fs::exists(sessions_directory() / ".deleted-one"));
}

TEST_CASE("fifty times: a box is ended, and its name is free immediately") {
  const session_test::RuntimeDirectory directory;
  pid_t launcher = start_launcher("one");
  for (int round = 0; round < 50; ++round) {
    const support::Fd process = open_launcher("one");
    REQUIRE(process);
    support::send_signal(process, SIGTERM);
    REQUIRE(support::ends_within(process, std::chrono::seconds(60)));
    const pid_t next = start_launcher("one"); // fails when the name is not free
    CHECK(support::wait(launcher).code == 0);
    launcher = next;
    REQUIRE(find_sessions().at(0).record);
  }
  kill(launcher, SIGTERM);
  CHECK(support::wait(launcher).code == 0);
  CHECK(find_sessions().empty());
}

TEST_CASE("fifty times: sweepers and launchers of one name never meet") {
  const session_test::RuntimeDirectory directory;
  for (int round = 0; round < 50; ++round) {
    make_dead("one");
    std::atomic<int> removed = 0;
    const auto sweep = [&] {
      if (const auto claim = claim_dead_session("one", IfClaimed::wait)) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        ++removed;
        remove_session(*claim);
      }
      const Claim mine =
          claim_session("one", session_test::k_somewhere); // throws while anything of the old one is left
      CHECK(is_current(mine));
      remove_session(mine);
    };
    std::mutex one_at_a_time; // two running boxes of one name are refused, which is not tested here
    std::thread second([&] {
      const std::lock_guard guard(one_at_a_time);
      sweep();
    });
    std::thread third([&] { static_cast<void>(claim_dead_session("one", IfClaimed::skip)); });
    {
      const std::lock_guard guard(one_at_a_time);
      sweep();
    }
    second.join();
    third.join();
    CHECK(removed == 1);
  }
}

TEST_CASE("a sweeper that waited for another finds nothing left") {
  const session_test::RuntimeDirectory directory;
  make_dead("one");
  auto first = claim_dead_session("one", IfClaimed::wait);
  REQUIRE(first);
  bool second = true;
  std::thread waiting([&] { second = claim_dead_session("one", IfClaimed::wait).has_value(); });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  remove_session(*first);
  first.reset();
  waiting.join();
  CHECK_FALSE(second);
}

TEST_CASE("a session directory that was replaced is not removed by its former holder") {
  const session_test::RuntimeDirectory directory;
  const Claim old = claim_session("one", session_test::k_somewhere);
  fs::rename(old.paths.directory, directory.path() / "moved");
  const Claim now = claim_session("one", session_test::k_somewhere);
  CHECK_FALSE(is_current(old));
  remove_session(old);
  CHECK(is_current(now));
  bool alone = false;
  when_alone_in(old, {session_test::k_somewhere.device, session_test::k_somewhere.inode}, [&] { alone = true; });
  CHECK_FALSE(alone); // the new box of the same name is a different one
}

TEST_CASE("selection of a box") {
  const session_test::RuntimeDirectory directory;
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

TEST_CASE("a missing runtime directory is refused, and named") {
  const session_test::RuntimeDirectory directory;
  CHECK_NOTHROW(require_runtime_directory());
  setenv("XDG_RUNTIME_DIR", "/no/such/directory", 1);
  CHECK_THROWS_WITH(require_runtime_directory(), Catch::Matchers::Contains("XDG_RUNTIME_DIR"));
}

TEST_CASE("one box per workspace, unless another is asked for") {
  const session_test::RuntimeDirectory directory;
  const WorkspaceClaim here{1, 7, false};
  const auto code_of = [](const std::string& name, const WorkspaceClaim& workspace) {
    try {
      const Claim claim = claim_session(name, workspace);
      remove_session(claim);
      return 0;
    } catch (const support::Error& error) {
      CHECK(error.hint().find("--share-workspace") != std::string::npos);
      return static_cast<int>(error.code());
    }
  };
  {
    const Claim first = claim_session("first", here);
    CHECK(code_of("second", here) == 126);
    CHECK(code_of("first", here) == 126); // the same directory counts more than the same name
    CHECK(code_of("second", {1, 7, true}) == 0);
    CHECK(code_of("second", {1, 8, false}) == 0); // another directory
    CHECK(code_of("second", {2, 7, false}) == 0);
    bool alone = false;
    when_alone_in(first, {here.device, here.inode}, [&] { alone = true; });
    CHECK(alone);
    const Claim second = claim_session("second", {1, 7, true});
    alone = false;
    when_alone_in(first, {here.device, here.inode}, [&] { alone = true; });
    CHECK_FALSE(alone);
  }
  CHECK(code_of("third", here) == 0); // a dead launcher's directory blocks nobody
}

TEST_CASE("a directory that another box has as a mount is in use, but a box may work in it") {
  const session_test::RuntimeDirectory directory;
  const Claim one = claim_session("one", {1, 7, false}, {{1, 7}, {1, 9}});
  const Claim two = claim_session("two", {1, 9, false});
  const auto is_alone = [](const Claim& claim, const protocol::FileId& id) {
    bool alone = false;
    when_alone_in(claim, id, [&] { alone = true; });
    return alone;
  };
  CHECK_FALSE(is_alone(two, {1, 9})); // mounted in box one
  CHECK_FALSE(is_alone(one, {1, 9})); // workspace of box two
  CHECK(is_alone(one, {1, 7}));
}

TEST_CASE("a record that cannot be read hides no other box, and a sweep lock that cannot be opened is reported") {
  const session_test::RuntimeDirectory directory;
  const Claim one = claim_session("one", session_test::k_somewhere);
  support::write_file(one.paths.record(), std::string(1U << 17U, 'x'));
  const auto boxes = find_sessions();
  REQUIRE(boxes.size() == 1);
  CHECK(boxes.front().alive);
  CHECK_FALSE(boxes.front().record);
  fs::path dead;
  {
    const Claim two = claim_session("two", session_test::k_somewhere);
    dead = two.paths.sweep_lock();
  }
  fs::create_directory(dead);
  CHECK_THROWS_AS(claim_dead_session("two", IfClaimed::skip), support::Error);
}
