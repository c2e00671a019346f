// SPDX-License-Identifier: Apache-2.0
#include "box/executor.hpp"

#include <chrono>
#include <csignal>
#include <thread>
#include <unistd.h>

#include "box.hpp"
#include "boxes/registry.hpp"
#include "support/command.hpp"
#include "support/error.hpp"
#include "support/signals.hpp"

using namespace agentbox;
using namespace agentbox::box;
using namespace agentbox::boxes;
namespace fs = std::filesystem;
using Catch::Matchers::Contains;

namespace {

support::Command shell(const std::string& script) {
  return {{"/bin/sh", "-c", script}, {{"PATH", "/usr/bin:/bin"}}, {}};
}

/// Returns a plan in its own session directory, whose teardown leaves a trace.
Plan plan_in(const Claim& claim, const fs::path& trace) {
  return {"b",
          claim.paths,
          {},
          {Remove{"leave a trace", shell("echo torn >>" + trace.string())}, RemoveDirectory{claim.paths}}};
}

} // namespace

TEST_CASE("steps are executed in order, then the teardown") {
  const session_test::RuntimeDirectory directory;
  const Claim claim = claim_session("b", session_test::k_somewhere);
  const fs::path trace = directory.path() / "trace";
  Plan plan = plan_in(claim, trace);
  const fs::path fifo = claim.paths.pod_name_fifo();
  plan.steps = {
      MakeDirectory{claim.paths.run()}, WriteFile{claim.paths.hosts(), "h\n", 0644}, MakeFifo{fifo},
      Start{"first", shell("sleep 0.1; echo first >>" + trace.string())},
      Attach{shell("cat " + fifo.string() + " " + claim.paths.hosts().string() + " >>" + trace.string() + "; exit 5"),
             false, Gate{"first", fifo, ""}}};
  const support::Signals signals;
  bool files_there = false;
  const RunOutcome result = execute(plan, claim, [&] { files_there = fs::exists(claim.paths.hosts()); });
  CHECK(result.exit_code == 5);
  CHECK(result.problems.empty());
  CHECK(files_there);
  CHECK(support::read_file(trace, 100) == "first\nh\ntorn\n");
  CHECK_FALSE(fs::exists(claim.paths.directory));
}

TEST_CASE("a step that fails ends the run, and the teardown still runs") {
  const session_test::RuntimeDirectory directory;
  const Claim claim = claim_session("b", session_test::k_somewhere);
  Plan plan = plan_in(claim, directory.path() / "trace");
  const fs::path fifo = claim.paths.pod_name_fifo();
  plan.steps = {MakeFifo{fifo}, Start{"make it", shell("echo 'Error: it cannot be' >&2; exit 125")},
                Attach{shell("cat " + fifo.string() + "; echo ran >>" + (directory.path() / "trace").string()), false,
                       Gate{"make it", fifo, "it\n"}}};
  const support::Signals signals;
  CHECK_THROWS_WITH(execute(plan, claim), Contains("cannot make it") && Contains("it cannot be"));
  CHECK(support::read_file(directory.path() / "trace", 100) == "torn\n");
  CHECK_FALSE(fs::exists(claim.paths.directory));
}

TEST_CASE("the attached command waits at its gate for the background command") {
  const session_test::RuntimeDirectory directory;
  const Claim claim = claim_session("b", session_test::k_somewhere);
  const fs::path trace = directory.path() / "trace";
  const fs::path fifo = claim.paths.pod_name_fifo();
  Plan plan = plan_in(claim, trace);
  const Attach attach{
      shell("word=$(cat " + fifo.string() + "); test -n \"$word\" && echo \"$word\" >>" + trace.string() + "; exit 5"),
      false, Gate{"make it", fifo, "it\n"}};
  const support::Signals signals;
  SECTION("that succeeds") {
    plan.steps = {MakeFifo{fifo}, Start{"make it", shell("sleep 0.1; echo made >>" + trace.string())}, attach};
    CHECK(execute(plan, claim).exit_code == 5);
    CHECK(support::read_file(trace, 100) == "made\nit\ntorn\n");
  }
  SECTION("that fails") {
    plan.steps = {MakeFifo{fifo}, Start{"make it", shell("echo 'Error: it cannot be' >&2; exit 125")}, attach};
    CHECK_THROWS_WITH(execute(plan, claim), Contains("cannot make it") && Contains("it cannot be"));
    CHECK(support::read_file(trace, 100) == "torn\n");
  }
  SECTION("that has already ended: nothing waits") {
    Attach hasty = attach;
    hasty.command = shell("exit 7");
    plan.steps = {MakeFifo{fifo}, Start{"make it", shell("sleep 0.1")}, hasty};
    CHECK(execute(plan, claim).exit_code == 7);
  }
  CHECK_FALSE(fs::exists(claim.paths.directory));
}

TEST_CASE("a signal between the steps ends the run with its number") {
  const session_test::RuntimeDirectory directory;
  const Claim claim = claim_session("b", session_test::k_somewhere);
  Plan plan = plan_in(claim, directory.path() / "trace");
  plan.steps = {Attach{shell("echo ran >>" + (directory.path() / "trace").string())}};
  const support::Signals signals;
  kill(getpid(), SIGTERM);
  CHECK_THROWS_AS(execute(plan, claim), support::Interrupted);
  CHECK(support::read_file(directory.path() / "trace", 100) == "torn\n");
}

TEST_CASE("the teardown does every step, collects every error, and keeps the directory for the next call") {
  const session_test::RuntimeDirectory directory;
  const Claim claim = claim_session("b", session_test::k_somewhere);
  const fs::path trace = directory.path() / "trace";
  const std::vector<TeardownStep> steps = {
      Remove{"remove one", shell("echo 'Error: stuck' >&2; exit 1")}, Remove{"remove two", shell("exit 1")},
      Remove{"remove three", shell("echo three >" + trace.string())}, RemoveDirectory{claim.paths}};
  const auto problems = tear_down(steps, claim);
  REQUIRE(problems.size() == 2);
  CHECK_THAT(problems[0], Contains("remove one") && Contains("stuck"));
  CHECK_THAT(problems[1], Contains("remove two"));
  CHECK(fs::exists(trace));
  CHECK(fs::exists(claim.paths.directory));
}

TEST_CASE("a pod is removed by its ID as soon as that is known") {
  const session_test::RuntimeDirectory directory;
  const Claim claim = claim_session("b", session_test::k_somewhere);
  const fs::path trace = directory.path() / "trace";
  support::Command remove = shell("echo $0 >>" + trace.string());
  remove.argv.emplace_back("name");
  const std::vector<TeardownStep> steps = {Remove{"remove", remove, claim.paths.pod_id()}};
  CHECK(tear_down(steps, claim).empty());
  support::write_file(claim.paths.pod_id(), ""); // made by a Podman that was killed
  CHECK(tear_down(steps, claim).empty());
  support::write_file(claim.paths.pod_id(), "9d9d");
  CHECK(tear_down(steps, claim).empty());
  CHECK(support::read_file(trace, 100) == "name\nname\n9d9d\n");
}

TEST_CASE("the teardown of a session that was replaced touches nothing of the new one") {
  const session_test::RuntimeDirectory directory;
  const Claim old = claim_session("b", session_test::k_somewhere);
  fs::rename(old.paths.directory, directory.path() / "moved");
  const Claim claim = claim_session("b", session_test::k_somewhere);
  const fs::path program = directory.path() / "agentbox-firewall";
  fs::copy_file("/bin/sleep", program);
  const pid_t firewall = support::spawn({{program, "5"}, {}, {}});
  support::write_file(claim.paths.firewall_pid(), std::to_string(firewall) + "\n");
  const std::vector<TeardownStep> steps = {StopFirewall{claim.paths.firewall_pid()},
                                           Remove{"remove", shell("touch " + (directory.path() / "removed").string())},
                                           RemoveDirectory{claim.paths}};
  CHECK_THAT(tear_down(steps, old).at(0), Contains("was removed while the box ran"));
  CHECK(kill(firewall, 0) == 0);
  CHECK_FALSE(fs::exists(directory.path() / "removed"));
  CHECK(is_current(claim));
  CHECK(tear_down(steps, claim).empty()); // the holder of the new claim may
  CHECK(support::wait(firewall).signal == SIGTERM);
  CHECK_FALSE(fs::exists(claim.paths.directory));
}

TEST_CASE("an old firewall.pid stops no other process") {
  const session_test::RuntimeDirectory directory;
  const Claim claim = claim_session("b", session_test::k_somewhere);
  const pid_t other = support::spawn(shell("sleep 5"));
  support::write_file(claim.paths.firewall_pid(), std::to_string(other) + "\n");
  CHECK(tear_down({StopFirewall{claim.paths.firewall_pid()}}, claim).empty());
  CHECK(kill(other, 0) == 0);
  kill(other, SIGKILL);
  CHECK(support::wait(other).signal == SIGKILL);
}

TEST_CASE("the waiting removal runs at the teardown, or when the launcher dies") {
  const session_test::RuntimeDirectory directory;
  const Claim claim = claim_session("b", session_test::k_somewhere);
  const fs::path trace = directory.path() / "trace";
  const fs::path fifo = claim.paths.pod_name_fifo();
  const auto traced = [&] { return support::read_file_if_exists(trace, 100).value_or(""); };
  Plan plan{"b", claim.paths, {}, {Remove{"say it", shell("echo again >>" + trace.string())}}};
  const std::string start = "cat " + fifo.string() + "; echo $$ >" + claim.paths.agent_pid().string();
  Attach attach{shell(start + "; sleep 0.2"), false, Gate{"make it", fifo, ""},
                Standby{"say it",
                        shell("read word; echo $word >>" + trace.string() + "; cat; echo gone >>" + trace.string()),
                        "make it"}};
  const support::Signals signals;
  plan.steps = {MakeFifo{fifo}, Start{"make it", shell("echo up")}};
  SECTION("at the teardown, which has nothing left to remove") {
    plan.steps.emplace_back(attach);
    CHECK(execute(plan, claim).problems.empty());
    CHECK(traced() == "up\ngone\n");
  }
  SECTION("if it fails, the teardown repeats it") {
    attach.standby->command = shell("exit 1");
    plan.steps.emplace_back(attach);
    CHECK(execute(plan, claim).problems.empty());
    CHECK(traced() == "again\n");
  }
  SECTION("when the launcher is killed") {
    attach.command = shell(start + "; exec sleep 60");
    plan.steps.emplace_back(attach);
    const pid_t launcher = fork();
    if (launcher == 0) {
      execute(plan, claim);
      _exit(0);
    }
    const auto comes = [&](const std::string& text) {
      for (int tries = 0; tries < 12'000 && traced() != text; ++tries) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      }
      return traced() == text;
    };
    CHECK(comes("up\n"));
    kill(launcher, SIGKILL);
    CHECK(support::wait(launcher).signal == SIGKILL);
    CHECK(comes("up\ngone\n"));
  }
}
