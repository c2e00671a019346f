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
#include "support/terminal.hpp"
#include "support/text.hpp"

namespace agentbox::box {
namespace {

/// Whether child `pid` has not ended. Leaves it to be waited for.
bool is_running(pid_t pid) {
  siginfo_t info{};
  return waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0;
}

/// What stands by, by what it is to do.
using StandingBy = std::map<std::string, Held>;

class Executor {
public:
  Executor(const Plan& plan, const support::Signals& signals, const Aside& aside, StandingBy& standing_by)
      : m_plan(plan), m_signals(signals), m_aside(aside), m_standing_by(standing_by) {}

  void run() {
    std::size_t number = 0;
    for (const Step& step : m_plan.steps) {
      before_step(Phase::steps, number++);
      if (const auto signal = m_signals.next()) {
        m_result.exit_code = 128 + signal->number;
        return;
      }
      std::visit([this](const auto& one) { take(one); }, step);
    }
  }
  Result& result() { return m_result; }
  /// The attached process, when it was left running.
  pid_t attached() const { return m_attached; }

private:
  void take(const MakeFolder& step) { support::make_private_folder(step.path); }
  void take(const MakeFifo& step) { support::make_fifo(step.path); }
  void take(const HandOver& step) {
    support::make_fifo(step.fifo);
    m_handing_over.emplace_back(step.fifo, step.content);
  }
  void take(const WriteFile& step) { support::write_file(step.path, step.content, step.mode); }
  void take(const Start& step) { m_background.emplace(step.what, step.command); }
  void take(const Attach& step) {
    spdlog::debug("$ {}", support::shell_quote(step.command.argv));
    const pid_t pid = support::spawn(step.command);
    m_attached = pid;
    if (step.gate) {
      open(*step.gate, pid);
    }
    Watch watch;
    watch.firewall_pid = m_plan.paths.firewall_pid();
    watch.agent_pid = m_plan.paths.agent_pid();
    if (step.stand_by) {
      watch.agent_started = [&] {
        m_standing_by.try_emplace(step.stand_by->what, step.stand_by->command, m_printed.at(step.stand_by->after));
      };
    }
    m_result.outcome = supervise(pid, m_signals, watch, m_aside);
    m_result.exit_code = m_result.outcome.status.code;
    m_result.started = std::filesystem::exists(m_plan.paths.agent_pid());
    if (m_result.outcome.reason == Outcome::Reason::ended) {
      m_attached = -1;
    }
  }

  /// Lets `pid`, which waits at the gate or soon will, through; ends it when there is nothing to wait for any more.
  void open(const Gate& gate, pid_t pid) {
    try {
      m_printed[gate.after] = m_background.at(gate.after).finish(gate.after);
    } catch (...) {
      kill(pid, SIGKILL);
      support::wait(pid);
      m_attached = -1;
      support::release_fifo(gate.fifo);
      throw;
    }
    support::write_to_fifo(gate.fifo, gate.text, [pid] { return is_running(pid); });
  }

  const Plan& m_plan;
  const support::Signals& m_signals;
  const Aside& m_aside;
  StandingBy& m_standing_by;
  std::map<std::string, Background> m_background;
  std::list<HandingOver> m_handing_over;
  std::map<std::string, std::string> m_printed; ///< by those that have ended
  Result m_result;
  pid_t m_attached = -1;
};

/// Whether `pid` is a firewall at all: an old file's number may be another process by now.
bool is_firewall(pid_t pid) {
  constexpr std::string_view k_comm = "agentbox-firewa\n"; // the kernel keeps 15 bytes (proc(5), comm)
  return support::read_file_if_exists(fmt::format("/proc/{}/comm", pid), 64).value_or("") == k_comm;
}

void take(const StopFirewall& step, StandingBy& /*standing_by*/) {
  if (const auto pid = pid_in(step.pid_file); pid && is_firewall(*pid)) {
    stop_process(*pid, std::chrono::milliseconds(300));
  }
}

void take(const Remove& step, StandingBy& standing_by) {
  if (const auto held = standing_by.extract(step.what)) {
    try {
      held.mapped().finish(step.what);
      return;
    } catch (const support::Error& error) { // it may have been killed
      spdlog::debug("{}", error.what());
    }
  }
  Background(step.command).finish(step.what);
}

void take(const RemoveFolder& step, StandingBy& /*standing_by*/) {
  boxes::remove_session_folder(step.paths);
}

std::vector<std::string> tear_down(const std::vector<TeardownStep>& steps, StandingBy& standing_by) {
  std::vector<std::string> problems;
  std::size_t number = 0;
  for (const TeardownStep& step : steps) {
    if (std::holds_alternative<RemoveFolder>(step) && !problems.empty()) {
      continue; // it is how the next call knows that something is left
    }
    try {
      before_step(Phase::teardown, number++);
      std::visit([&](const auto& one) { take(one, standing_by); }, step);
    } catch (const std::exception& error) {
      problems.emplace_back(error.what());
    }
  }
  return problems;
}

} // namespace

std::vector<std::string> tear_down(const std::vector<TeardownStep>& steps) {
  StandingBy nothing;
  return tear_down(steps, nothing);
}

Result execute(const Plan& plan, const support::Signals& signals, const std::function<void()>& before_teardown,
               const Aside& aside) {
  const support::SavedTerminal saved;
  std::exception_ptr failure;
  Result result;
  pid_t attached = -1;
  StandingBy standing_by;
  {
    Executor executor(plan, signals, aside, standing_by);
    try {
      executor.run();
    } catch (...) {
      failure = std::current_exception();
    }
    result = std::move(executor.result());
    attached = executor.attached();
  }
  if (before_teardown) {
    before_teardown();
  }
  result.problems = tear_down(plan.teardown, standing_by);
  if (attached > 0) {
    reap(attached, std::chrono::seconds(5));
  }
  if (failure) {
    for (const std::string& problem : result.problems) {
      spdlog::error("{}", problem);
    }
    std::rethrow_exception(failure);
  }
  return result;
}

void sweep(const podman::Podman& podman) {
  constexpr int k_more_tries = 3;
  for (const boxes::Claim& claim : boxes::claim_dead_sessions()) {
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
