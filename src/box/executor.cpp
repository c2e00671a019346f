// SPDX-License-Identifier: Apache-2.0
#include "box/executor.hpp"

#include <csignal>
#include <cstdio>
#include <fmt/format.h>
#include <list>
#include <map>
#include <spdlog/spdlog.h>
#include <sys/wait.h>

#include "box/awaited_process.hpp"
#include "box/background_podman.hpp"
#include "box/before_step.hpp"
#include "box/fifo_writer.hpp"
#include "boxes/orphans.hpp"
#include "boxes/registry.hpp"
#include "support/error.hpp"
#include "support/fifo.hpp"
#include "support/file.hpp"
#include "support/signals.hpp"
#include "support/terminal.hpp"
#include "support/text.hpp"

namespace agentbox::box {
namespace {

/// Whether child `pid` has not ended. Leaves it to be waited for.
bool is_running(pid_t pid) {
  siginfo_t info{};
  return waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0;
}

/// The commands on standby, by what they do.
using Standbys = std::map<std::string, StandbyPodman>;

class Executor {
public:
  Executor(const Plan& plan, const PeriodicTask& task, Standbys& standbys)
      : m_plan(plan), m_task(task), m_standbys(standbys) {}

  void run() {
    std::size_t number = 0;
    for (const Step& step : m_plan.steps) {
      before_step(Phase::steps, number++);
      support::throw_if_interrupted();
      std::visit([this](const auto& one) { perform(one); }, step);
    }
  }
  const RunOutcome& outcome() const { return m_outcome; }
  /// The attached process, when it was left running.
  pid_t attached() const { return m_attached; }

private:
  void perform(const MakeFolder& step) { support::make_private_folder(step.path); }
  void perform(const MakeFifo& step) { support::make_fifo(step.path); }
  void perform(const ServeFifo& step) {
    support::make_fifo(step.fifo);
    m_fifo_writers.emplace_back(step.fifo, step.content);
  }
  void perform(const WriteFile& step) { support::write_file(step.path, step.content, step.mode); }
  void perform(const Start& step) { m_background.emplace(step.what, step.command); }
  void perform(const Attach& step) {
    spdlog::debug("$ {}", support::shell_quote(step.command.argv));
    const pid_t pid = support::spawn(step.command);
    m_attached = pid;
    if (step.gate) {
      open(*step.gate, pid);
    }
    Watch watch;
    watch.firewall_pid = m_plan.paths.firewall_pid();
    watch.agent_pid = m_plan.paths.agent_pid();
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

  /// Lets `pid`, which waits at the gate or soon will, through; ends it when there is nothing to wait for any more.
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
  std::map<std::string, BackgroundPodman> m_background;
  std::list<FifoWriter> m_fifo_writers;
  std::map<std::string, std::string> m_printed; ///< by those that have ended
  RunOutcome m_outcome;
  pid_t m_attached = -1;
};

/// Whether `pid` is a firewall at all: an old file's number may be another process by now.
bool is_firewall(pid_t pid) {
  constexpr std::string_view k_comm = "agentbox-firewa\n"; // the kernel keeps 15 bytes (proc(5), comm)
  return support::read_file_if_exists(fmt::format("/proc/{}/comm", pid), 64).value_or("") == k_comm;
}

void perform(const StopFirewall& step, Standbys& /*standbys*/) {
  if (const auto pid = pid_in(step.pid_file); pid && is_firewall(*pid)) {
    stop_process(*pid, std::chrono::milliseconds(300));
  }
}

void perform(const Remove& step, Standbys& standbys) {
  if (const auto held = standbys.extract(step.what)) {
    try {
      held.mapped().finish(step.what);
      return;
    } catch (const support::Error& error) { // it may have been killed
      spdlog::debug("{}", error.what());
    }
  }
  BackgroundPodman(step.command).finish(step.what);
}

void perform(const RemoveFolder& step, Standbys& /*standbys*/) {
  boxes::remove_session_folder(step.paths);
}

std::vector<std::string> tear_down(const std::vector<TeardownStep>& steps, Standbys& standbys) {
  const support::CleanUp clean_up;
  std::vector<std::string> problems;
  std::size_t number = 0;
  for (const TeardownStep& step : steps) {
    if (std::holds_alternative<RemoveFolder>(step) && !problems.empty()) {
      continue; // it is how the next call knows that something is left
    }
    try {
      before_step(Phase::teardown, number++);
      std::visit([&](const auto& one) { perform(one, standbys); }, step);
    } catch (const std::exception& error) {
      problems.emplace_back(error.what());
    }
  }
  return problems;
}

} // namespace

std::vector<std::string> tear_down(const std::vector<TeardownStep>& steps) {
  Standbys nothing;
  return tear_down(steps, nothing);
}

RunOutcome execute(const Plan& plan, const std::function<void()>& before_teardown, const PeriodicTask& task) {
  const support::SavedTerminal saved;
  std::exception_ptr failure;
  RunOutcome outcome;
  pid_t attached = -1;
  Standbys standbys;
  {
    Executor executor(plan, task, standbys);
    try {
      executor.run();
    } catch (...) {
      failure = std::current_exception();
    }
    outcome = executor.outcome();
    attached = executor.attached();
  }
  try {
    if (before_teardown) {
      before_teardown();
    }
  } catch (const std::exception& error) {
    spdlog::error("{}", error.what());
  }
  outcome.problems = tear_down(plan.teardown, standbys);
  if (attached > 0) {
    support::wait_or_kill(attached, std::chrono::seconds(5));
  }
  for (const std::string& problem : outcome.problems) {
    spdlog::error("{}", problem);
  }
  if (failure) {
    std::rethrow_exception(failure);
  }
  return outcome;
}

void sweep(const podman::Podman& podman) {
  constexpr int k_more_tries = 3;
  for (const boxes::Claim& claim : boxes::claim_dead_sessions()) {
    support::throw_if_interrupted();
    const std::string name = claim.paths.folder.filename().string();
    boxes::await_orphaned_creation(name);
    boxes::end_orphans(name);
    std::vector<std::string> problems = tear_down(make_teardown(name, claim.paths, podman));
    // When the monitors of its containers were killed as well, Podman removes one container of the pod in each call.
    for (int again = 0; again < k_more_tries && !problems.empty(); ++again) {
      problems = tear_down(make_teardown(name, claim.paths, podman));
    }
    if (problems.empty()) {
      spdlog::info("cleaned up the box \"{}\", whose launcher had died", support::escape_untrusted(name));
      continue;
    }
    spdlog::error("cannot clean up the box \"{}\", whose launcher had died: {}", support::escape_untrusted(name),
                  support::join(problems, "; "));
  }
}

} // namespace agentbox::box
