// SPDX-License-Identifier: Apache-2.0
#include "box/executor.hpp"

#include <cerrno>
#include <csignal>
#include <list>
#include <map>
#include <optional>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "box/awaited_process.hpp"
#include "box/background_podman.hpp"
#include "box/before_step.hpp"
#include "box/fifo_writer.hpp"
#include "box/leash.hpp"
#include "box/output_relay.hpp"
#include "box/terminal_guard.hpp"
#include "boxes/orphans.hpp"
#include "boxes/scratch_directory.hpp"
#include "protocol/protocol.hpp"
#include "support/error.hpp"
#include "support/fifo.hpp"
#include "support/file.hpp"
#include "support/pidfd.hpp"
#include "support/signals.hpp"
#include "support/text.hpp"

namespace agentbox::box {
namespace {

/// Returns whether child `pid` still runs. Does not reap it.
bool is_running(pid_t pid) {
  siginfo_t info{};
  return waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0;
}

/// The commands on standby, by what they do.
using Standbys = std::map<std::string, StandbyPodman>;

class Executor {
public:
  Executor(const Plan& plan, const PeriodicTask& task, Standbys& standbys, TerminalGuard& terminal)
      : m_plan(plan), m_task(task), m_standbys(standbys), m_terminal(terminal) {}

  void run() {
    std::size_t number = 0;
    for (const Step& step : m_plan.steps) {
      before_step(Phase::steps, number++);
      support::throw_if_interrupted();
      std::visit([this](const auto& one) { perform(one); }, step);
    }
  }
  const RunOutcome& outcome() const { return m_outcome; }
  /// Returns the attached process if it still runs, else -1.
  pid_t attached() const { return m_attached; }

private:
  void perform(const MakeDirectory& step) {
    if (step.parents) {
      support::make_private_directory(step.path);
    } else if (mkdir(step.path.c_str(), S_IRWXU) != 0) {
      throw support::system_error(support::ExitCode::failed, "cannot create the directory " + step.path.string(),
                                  errno);
    }
  }
  void perform(const MakeFifo& step) { support::make_fifo(step.path); }
  void perform(const ServeFifo& step) {
    support::make_fifo(step.fifo);
    m_fifo_writers.emplace_back(step.fifo, step.content);
  }
  void perform(const LabelPaths& step) {
    apply_labels(step.paths, step.process, step.announce, *selinux::host_file_labels());
  }
  void perform(const HoldLeash& step) { m_leash.emplace(step.fifo); }
  void perform(const WriteFile& step) { support::write_file(step.path, step.content, step.mode); }
  void perform(const Start& step) { m_background.emplace(step.what, step.command); }
  void perform(const Attach& step) {
    spdlog::debug("$ {}", support::shell_quote(step.command.argv));
    support::Command command = step.command;
    OutputRelay relay(command);
    if (step.leash) {
      command.fds[protocol::k_leash_fd] = m_leash.value().box_end();
    }
    const pid_t pid = support::spawn(command);
    relay.command_started();
    m_attached = pid;
    m_terminal.lend_to(pid);
    if (step.gate) {
      open(*step.gate, pid);
    }
    Watch watch;
    watch.firewall_pid = m_plan.paths.firewall_pid();
    watch.agent_pid = m_plan.paths.agent_pid();
    watch.relay = &relay;
    if (step.standby) {
      watch.agent_started = [&] {
        m_standbys.try_emplace(step.standby->what, step.standby->command, m_printed.at(step.standby->after));
      };
    }
    m_outcome = supervise(pid, watch, m_task);
    m_outcome.started = std::filesystem::exists(m_plan.paths.agent_pid());
    if (m_outcome.reason == RunOutcome::Reason::ended) {
      m_attached = -1;
    }
  }

  /// Waits for the command that the gate names, then lets `pid` through; kills `pid` when that command failed.
  void open(const Gate& gate, pid_t pid) {
    try {
      m_printed[gate.after] = m_background.at(gate.after).finish(gate.after);
    } catch (...) {
      support::wait_or_kill(pid, std::chrono::milliseconds(0));
      m_attached = -1;
      support::release_fifo(gate.fifo);
      throw;
    }
    support::write_to_fifo(gate.fifo, gate.text, [pid] { return is_running(pid); });
  }

  const Plan& m_plan;
  const PeriodicTask& m_task;
  Standbys& m_standbys;
  TerminalGuard& m_terminal;
  std::map<std::string, BackgroundPodman> m_background;
  std::list<FifoWriter> m_fifo_writers;
  std::optional<Leash> m_leash;                 ///< released before the teardown, to end remaining processes
  std::map<std::string, std::string> m_printed; ///< output of the finished ones
  RunOutcome m_outcome;
  pid_t m_attached = -1;
};

void perform(const StopFirewall& step, const boxes::Claim& claim, Standbys& /*standbys*/) {
  const auto pid = boxes::is_current(claim) ? support::read_pid(step.pid_file) : std::nullopt;
  if (const support::Fd firewall = pid ? support::open_process(*pid, k_firewall_comm) : support::Fd()) {
    stop_process(firewall, std::chrono::milliseconds(300));
  }
}

void perform(const Remove& step, const boxes::Claim& claim, Standbys& standbys) {
  if (auto standby = standbys.extract(step.what)) {
    try {
      standby.mapped().finish(step.what);
      return;
    } catch (const support::Error& error) { // it may have been killed: run the command again
      spdlog::debug("{}", error.what());
    }
  }
  if (!boxes::is_current(claim)) {
    throw support::Error(support::ExitCode::failed, claim.paths.directory.string() + " was removed while the box ran",
                         "check with podman pod ps whether its pod still exists");
  }
  support::Command command = step.command;
  const auto id = support::read_file_if_exists(step.id_file, 256);
  if (id && !id->empty()) { // else Podman has not made the pod, or was killed before
    command.argv.back() = id->substr(0, id->find('\n'));
  }
  BackgroundPodman(command).finish(step.what);
}

void perform(const RemoveDirectory& /*step*/, const boxes::Claim& claim, Standbys& /*standbys*/) {
  boxes::remove_session(claim);
}

std::vector<std::string> tear_down(const std::vector<TeardownStep>& steps, const boxes::Claim& claim,
                                   Standbys& standbys) {
  const support::CleanUp clean_up;
  std::vector<std::string> problems;
  std::size_t number = 0;
  for (const TeardownStep& step : steps) {
    if (std::holds_alternative<RemoveDirectory>(step) && !problems.empty()) {
      continue; // the next call needs it to find the leftovers
    }
    try {
      before_step(Phase::teardown, number++);
      std::visit([&](const auto& one) { perform(one, claim, standbys); }, step);
    } catch (const std::exception& error) {
      problems.emplace_back(error.what());
    }
  }
  return problems;
}

} // namespace

std::vector<std::string> tear_down(const std::vector<TeardownStep>& steps, const boxes::Claim& claim) {
  Standbys nothing;
  return tear_down(steps, claim, nothing);
}

RunOutcome execute(const Plan& plan, const boxes::Claim& claim, const std::function<void()>& before_teardown,
                   const PeriodicTask& task) {
  TerminalGuard terminal;
  std::exception_ptr failure;
  RunOutcome outcome;
  pid_t attached = -1;
  Standbys standbys;
  {
    Executor executor(plan, task, standbys, terminal);
    try {
      executor.run();
    } catch (...) {
      failure = std::current_exception();
    }
    outcome = executor.outcome();
    attached = executor.attached();
  }
  if (attached < 0) { // immediately, so that the terminal's replies are not echoed
    terminal.take_back();
  }
  std::string problem_before;
  try {
    if (before_teardown) {
      before_teardown();
    }
  } catch (const std::exception& error) {
    problem_before = error.what();
  }
  outcome.problems = tear_down(plan.teardown, claim, standbys);
  if (attached > 0) {
    support::wait_or_kill(attached, std::chrono::seconds(5));
    terminal.take_back();
  }
  if (!problem_before.empty()) {
    spdlog::error("{}", problem_before);
  }
  for (const std::string& problem : outcome.problems) {
    spdlog::error("{}", problem);
  }
  if (failure) {
    std::rethrow_exception(failure);
  }
  return outcome;
}

std::vector<std::string> sweep(const podman::Podman& podman, const std::string& wanted) {
  constexpr int k_max_retries = 3;
  std::vector<std::string> left;
  for (const boxes::FoundSession& dead : boxes::find_sessions()) {
    support::throw_if_interrupted();
    const auto if_claimed = dead.name == wanted ? boxes::IfClaimed::wait : boxes::IfClaimed::skip;
    std::optional<boxes::Claim> claim;
    try {
      claim = dead.alive ? std::nullopt : boxes::claim_dead_session(dead.name, if_claimed);
    } catch (const support::Interrupted&) {
      throw;
    } catch (const support::Error& error) { // the other ones are still removed
      spdlog::error("cannot remove the leftovers of box \"{}\": {}", support::escape_untrusted(dead.name),
                    error.what());
      left.push_back(dead.name);
    }
    if (!claim) {
      continue;
    }
    boxes::await_orphaned_creation(dead.name);
    boxes::end_orphans(dead.name);
    const std::vector<TeardownStep> teardown = make_teardown(dead.name, claim->paths, podman);
    std::vector<std::string> problems = tear_down(teardown, *claim);
    // When the monitors of its containers were killed too, Podman removes one container of the pod in each call.
    for (int again = 0; again < k_max_retries && !problems.empty(); ++again) {
      problems = tear_down(teardown, *claim);
    }
    if (problems.empty()) {
      spdlog::info("removed the leftovers of box \"{}\", whose launcher died", support::escape_untrusted(dead.name));
      continue;
    }
    spdlog::error("cannot remove the leftovers of box \"{}\": {}", support::escape_untrusted(dead.name),
                  support::join(problems, "; "));
    left.push_back(dead.name);
  }
  boxes::sweep_scratch();
  return left;
}

} // namespace agentbox::box
