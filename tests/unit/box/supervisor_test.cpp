// SPDX-License-Identifier: Apache-2.0
#include "box/supervisor.hpp"

#include <atomic>
#include <csignal>
#include <fstream>
#include <functional>
#include <thread>

#include "box.hpp"
#include "support/command.hpp"
#include "support/pidfd.hpp"
#include "support/signals.hpp"
#include "temp_directory.hpp"

using namespace agentbox;
using namespace agentbox::box;
using namespace agentbox::boxes;
using namespace std::chrono_literals;
using Reason = RunOutcome::Reason;

namespace {

pid_t run_shell(const std::string& script) {
  return support::spawn({{"/bin/sh", "-c", script}, {{"PATH", "/usr/bin:/bin"}}, {}});
}

Watch quick() {
  Watch watch;
  watch.term_grace = 200ms;
  watch.hangup_grace = 100ms;
  watch.firewall_grace = 100ms;
  return watch;
}

/// Returns limits that are long enough for a busy machine.
Watch patient() {
  Watch watch;
  watch.term_grace = watch.hangup_grace = watch.firewall_grace = 60s;
  return watch;
}

/// A shell script that reports when it runs, and an action that a thread performs at that moment.
class Script {
public:
  explicit Script(const std::string& text, std::function<void()> then = {}) {
    const std::filesystem::path ready = m_directory.path() / "ready";
    const auto colon = text.find("; ");
    // The first command sets the traps.
    pid = run_shell(text.substr(0, colon) + "; : >" + ready.string() +
                    (colon == std::string::npos ? "" : text.substr(colon)));
    m_thread = std::thread([ready, then = std::move(then)] {
      while (!std::filesystem::exists(ready)) {
        std::this_thread::sleep_for(2ms);
      }
      if (then) {
        then();
      }
    });
  }
  Script(const Script&) = delete;
  Script& operator=(const Script&) = delete;
  Script(Script&&) = delete;
  Script& operator=(Script&&) = delete;
  ~Script() { m_thread.join(); }

  pid_t pid = -1;

private:
  session_test::RuntimeDirectory m_directory;
  std::thread m_thread;
};

void write_pid(const std::filesystem::path& file, pid_t pid) {
  std::ofstream(file) << pid << '\n';
}

} // namespace

TEST_CASE("an exit code is passed on") {
  const support::Signals signals;
  const RunOutcome outcome = supervise(run_shell("exit 42"), quick());
  CHECK(outcome.reason == Reason::ended);
  CHECK(outcome.exit_code == 42);
  CHECK(supervise(run_shell("kill -KILL $$"), quick()).exit_code == 137);
}

TEST_CASE("signals that did not come from the terminal are passed on") {
  const int number = GENERATE(SIGINT, SIGTERM, SIGHUP, SIGQUIT);
  const support::Signals signals;
  const Script script("trap 'exit 7' INT TERM HUP QUIT; while :; do sleep 0.02; done",
                      [number] { kill(getpid(), number); });
  const RunOutcome outcome = supervise(script.pid, patient());
  CHECK(outcome.reason == Reason::ended);
  CHECK(outcome.exit_code == 7);
}

TEST_CASE("a run with a signal that was passed on is never a success") {
  const int number = GENERATE(SIGINT, SIGTERM, SIGHUP, SIGQUIT);
  const support::Signals signals;
  const Script script("trap 'exit 0' INT TERM HUP QUIT; while :; do sleep 0.02; done",
                      [number] { kill(getpid(), number); });
  CHECK(supervise(script.pid, patient()).exit_code == 128 + number);
}

TEST_CASE("a process that ignores SIGTERM is given up after a while, and reaped") {
  const support::Signals signals;
  const Script script("trap '' TERM; while :; do sleep 0.02; done", [] { kill(getpid(), SIGTERM); });
  const RunOutcome outcome = supervise(script.pid, quick());
  CHECK(outcome.reason == Reason::forced);
  CHECK(outcome.exit_code == 128 + SIGTERM);
  CHECK(support::wait_or_kill(script.pid, 10ms).signal == SIGKILL);
}

TEST_CASE("one Ctrl-C is left to the agent, three in a row end it") {
  const support::Signals signals;
  SECTION("one") {
    const Script script("trap '' INT; sleep 1", [] { kill(getpid(), SIGINT); });
    CHECK(supervise(script.pid, quick()).reason == Reason::ended);
  }
  SECTION("three") {
    std::atomic<bool> over = false;
    const Script script("trap '' INT; while :; do sleep 0.02; done", [&over] {
      while (!over) { // signals that arrive while we sleep count as one
        kill(getpid(), SIGINT);
        std::this_thread::sleep_for(20ms);
      }
    });
    const RunOutcome outcome = supervise(script.pid, quick());
    over = true;
    CHECK(outcome.reason == Reason::forced);
    CHECK(outcome.exit_code == 128 + SIGINT);
    support::wait_or_kill(script.pid, 0ms);
  }
}

TEST_CASE("a signal before Podman has made anything is not a success") {
  const session_test::RuntimeDirectory directory;
  const support::Signals signals;
  Watch watch = patient();
  watch.agent_pid = directory.path() / "agent.pid";
  const Script script("trap 'exit 0' TERM; while :; do sleep 0.02; done", [] { kill(getpid(), SIGTERM); });
  CHECK(supervise(script.pid, watch).exit_code == 128 + SIGTERM);
}

TEST_CASE("a signal that ends Podman and not the agent is not the agent's exit code") {
  const session_test::RuntimeDirectory directory;
  const support::Signals signals;
  Watch watch = patient();
  watch.agent_pid = directory.path() / "agent.pid";
  const pid_t agent = run_shell("exec sleep 100");
  write_pid(*watch.agent_pid, agent);
  const Script script("trap 'exit 1' INT; while :; do sleep 0.02; done", [] { kill(getpid(), SIGINT); });
  CHECK(supervise(script.pid, watch).exit_code == 128 + SIGINT);
  support::wait_or_kill(agent, 0ms);
}

TEST_CASE("the firewall's death ends the run") {
  const session_test::RuntimeDirectory directory;
  const support::Signals signals;
  Watch watch = quick();
  watch.firewall_pid = directory.path() / "firewall.pid";
  watch.agent_pid = directory.path() / "agent.pid";
  const pid_t firewall = run_shell("sleep 0.3");
  const pid_t agent = run_shell("exec sleep 100");
  write_pid(*watch.agent_pid, agent);
  SECTION("known from the start") {
    write_pid(*watch.firewall_pid, firewall);
  }
  std::optional<Script> later;
  SECTION("known later") {
    later.emplace(":", [&] { write_pid(*watch.firewall_pid, firewall); });
  }
  const RunOutcome outcome = supervise(agent, watch);
  CHECK(outcome.reason == Reason::firewall_died);
  support::wait_or_kill(agent, 0ms);
  support::wait(firewall);
  if (later) {
    support::wait(later->pid);
  }
}

TEST_CASE("the firewall is stopped as soon as the agent has ended, and that is not reported") {
  const session_test::RuntimeDirectory directory;
  const support::Signals signals;
  Watch watch = quick();
  watch.firewall_pid = directory.path() / "firewall.pid";
  watch.agent_pid = directory.path() / "agent.pid";
  const pid_t firewall = run_shell("exec sleep 100");
  const pid_t agent = run_shell("exec sleep 0.2");
  write_pid(*watch.firewall_pid, firewall);
  write_pid(*watch.agent_pid, agent);
  // Podman outlives both by more than the agent may outlive its firewall.
  const RunOutcome outcome = supervise(run_shell("sleep 0.6; exit 3"), watch);
  CHECK(outcome.reason == Reason::ended);
  CHECK(outcome.exit_code == 3);
  CHECK(support::wait(firewall).signal == SIGTERM);
  support::wait(agent);
}

TEST_CASE("a firewall that ends with its agent is not reported") {
  const session_test::RuntimeDirectory directory;
  const support::Signals signals;
  Watch watch = patient();
  watch.firewall_pid = directory.path() / "firewall.pid";
  watch.agent_pid = directory.path() / "agent.pid";
  const pid_t gone = run_shell("exit 0");
  support::wait(gone);
  write_pid(*watch.firewall_pid, gone);
  std::string script = "exit 3";
  SECTION("Podman reports it immediately") {}
  SECTION("Podman is slow to report it") {
    write_pid(*watch.agent_pid, gone);
    watch.firewall_grace = 100ms;
    script = "sleep 0.5; exit 3";
  }
  const RunOutcome outcome = supervise(run_shell(script), watch);
  CHECK(outcome.reason == Reason::ended);
  CHECK(outcome.exit_code == 3);
}

TEST_CASE("stopping a process that is not a child") {
  pid_t pid = -1;
  {
    const Script script("trap '' TERM; while :; do sleep 0.02; done");
    pid = script.pid;
  }
  const support::Fd process = support::open_pidfd(pid);
  stop_process(process, 100ms);
  CHECK(support::wait(pid).signal == SIGKILL);
  CHECK_NOTHROW(stop_process(process, 100ms));
}

TEST_CASE("a periodic task runs during the wait, at its own interval") {
  const tests::TempDirectory directory;
  const auto enough = directory / "enough";
  int looks = 0;
  const PeriodicTask task{[&] {
                            if (++looks == 3) {
                              std::ofstream(enough) << "x";
                            }
                            return 5ms;
                          },
                          1ms};
  const support::Signals signals;
  const pid_t pid = run_shell("while ! test -e " + enough.string() + "; do sleep 0.01; done; exit 3");
  const RunOutcome outcome = supervise(pid, patient(), task);
  CHECK(outcome.reason == Reason::ended);
  CHECK(outcome.exit_code == 3);
  CHECK(looks >= 3);
}
