// SPDX-License-Identifier: Apache-2.0
#include "box/supervisor.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include "box/awaited_process.hpp"
#include "support/command.hpp"
#include "support/error.hpp"
#include "support/pidfd.hpp"
#include "support/signals.hpp"

namespace agentbox::box {
namespace {

using Clock = std::chrono::steady_clock;
using support::Fd;
using Reason = RunOutcome::Reason;

/// Interval at which the files with process ids are read while the box starts.
constexpr std::chrono::milliseconds k_poll_interval{5};

/// From the agent's end until the firewall is stopped. Podman cleans up after each container in a separate process.
/// When two of them contend for its database, the second waits 50 ms (the interval at which bbolt retries flock(2)).
/// After this delay the first has finished.
constexpr std::chrono::milliseconds k_firewall_delay{25};

/// The state of supervise().
class Supervisor {
public:
  Supervisor(pid_t pid, const Watch& watch, const PeriodicTask& task)
      : m_pid(pid), m_child(support::open_pidfd(pid)), m_watch(watch), m_task(task), m_firewall(watch.firewall_pid),
        m_agent(watch.agent_pid) {
    if (!m_child) {
      throw support::system_error(support::ExitCode::failed, "cannot watch process " + std::to_string(pid), errno);
    }
    if (m_task.run) {
      m_task_due = Clock::now() + m_task.first;
    }
  }

  RunOutcome run() {
    while (true) {
      std::array<pollfd, 5> watched{{{m_child.get(), POLLIN, 0},
                                     {m_signals.fd(), POLLIN, 0},
                                     {m_firewall_ended ? -1 : m_firewall.fd(), POLLIN, 0},
                                     {m_agent_ended ? -1 : m_agent.fd(), POLLIN, 0},
                                     m_watch.relay != nullptr ? m_watch.relay->awaited() : pollfd{-1, 0, 0}}};
      const int ready = poll(watched.data(), watched.size(), timeout());
      if (ready < 0 && errno != EINTR) {
        throw support::system_error(support::ExitCode::failed, "cannot wait for the box", errno);
      }
      if (watched[0].revents != 0) {
        return ended(support::wait(m_pid));
      }
      if (watched[4].revents != 0 && !m_watch.relay->move()) {
        return reader_gone();
      }
      while (const auto signal = m_signals.next()) {
        pass_on(*signal);
      }
      check_processes();
      if (m_deadline && Clock::now() >= *m_deadline) {
        return {m_expired, m_expired == Reason::forced ? 128 + m_signal : 0, m_signal, false, {}};
      }
      if (m_task_due && Clock::now() >= *m_task_due) {
        m_task_due = Clock::now() + m_task.run();
      }
    }
  }

private:
  /// Returns the outcome when Podman has ended. After a signal its code is not always the command's: 0 when the signal
  /// reached it before it had made the container or, rarely, when it lost the race for the code; 1, with the command
  /// still running, when it was not yet passing signals on.
  RunOutcome ended(support::ExitStatus status) {
    m_child_ended = true;
    while (const auto late = m_signals.next()) { // too late to pass on; the terminal sent its own to the child
      if (!late->from_terminal) {
        m_signals.interrupt(late->number);
      }
    }
    m_agent.find();
    const bool not_the_commands = m_watch.agent_pid && !m_agent.ended();
    if (m_signal != 0 && (not_the_commands || (m_passed_on && status.ok()))) {
      status = {128 + m_signal, m_signal};
    }
    m_passing_on.reset();
    try {
      if (m_watch.relay != nullptr && !m_watch.relay->drain()) {
        return reader_gone();
      }
    } catch (const support::Interrupted&) { // the next wait reports it too
    }
    return {Reason::ended, status.code, status.signal, false, {}};
  }

  /// Returns the outcome as if the signal that ends a program in a pipeline (pipe(7)) had reached the command.
  RunOutcome reader_gone() const {
    if (!m_child_ended) {
      support::wait_or_kill(m_pid, std::chrono::milliseconds(0)); // before it prints an error
    }
    return {Reason::ended, 128 + SIGPIPE, SIGPIPE, false, {}};
  }

  void check_processes() {
    m_firewall.find();
    m_agent.find();
    if (!m_agent.is_awaited() && !std::exchange(m_agent_told, true) && m_watch.agent_started) {
      m_watch.agent_started();
    }
    if (!m_agent_ended && m_agent.ended()) {
      m_agent_ended = true;
      m_firewall_due = Clock::now() + k_firewall_delay;
      if (m_deadline && m_expired == Reason::firewall_died) {
        m_deadline.reset(); // the agent ended first; Podman is just slow
      }
    }
    if (m_firewall_due && Clock::now() >= *m_firewall_due) {
      m_firewall_due.reset();
      m_firewall.send(SIGTERM);
    }
    if (!m_firewall_ended && m_firewall.ended()) {
      m_firewall_ended = true;
      if (!m_agent_ended) {
        expire_after(m_watch.firewall_grace, Reason::firewall_died);
      }
    }
  }

  static std::chrono::milliseconds left_until(Clock::time_point time) {
    return std::max(std::chrono::ceil<std::chrono::milliseconds>(time - Clock::now()), std::chrono::milliseconds(0));
  }

  /// Returns the timeout for poll(2).
  int timeout() const {
    std::optional<std::chrono::milliseconds> patience;
    if (m_deadline) {
      patience = left_until(*m_deadline);
    }
    if (m_task_due) {
      const auto left = left_until(*m_task_due);
      patience = std::min(patience.value_or(left), left);
    }
    if (m_firewall_due) {
      patience = std::min(patience.value_or(k_firewall_delay), left_until(*m_firewall_due));
    }
    if (m_firewall.is_awaited() || m_agent.is_awaited()) {
      patience = std::min(patience.value_or(k_poll_interval), k_poll_interval);
    }
    return patience ? static_cast<int>(patience->count()) : -1;
  }

  void expire_after(std::chrono::milliseconds grace, Reason reason) {
    const auto deadline = Clock::now() + grace;
    if (!m_deadline || deadline < *m_deadline) {
      m_deadline = deadline;
      m_expired = reason;
    }
  }

  void pass_on(const support::Signal& signal) {
    if (!signal.from_terminal) {
      m_passed_on = true;
      kill(m_pid, signal.number);
    }
    switch (signal.number) {
    case SIGTERM:
      m_signal = SIGTERM;
      expire_after(m_watch.term_grace, Reason::forced);
      break;
    case SIGHUP:
      m_signal = SIGHUP;
      expire_after(m_watch.hangup_grace, Reason::forced);
      break;
    default: // Ctrl-C and Ctrl-\ are for the agent, unless they are repeated and have no effect
      m_signal = signal.number;
      m_interrupts = Clock::now() - m_last_interrupt < std::chrono::seconds(1) ? m_interrupts + 1 : 1;
      m_last_interrupt = Clock::now();
      if (m_interrupts >= m_watch.interrupts_to_force) {
        expire_after(std::chrono::milliseconds(500), Reason::forced);
      }
    }
  }

  pid_t m_pid;
  Fd m_child;
  support::Signals m_signals;
  std::optional<support::SignalsPassedOn> m_passing_on{std::in_place};
  const Watch& m_watch;
  const PeriodicTask& m_task;
  std::optional<Clock::time_point> m_task_due;
  AwaitedProcess m_firewall;
  AwaitedProcess m_agent;
  std::optional<Clock::time_point> m_firewall_due; ///< when it is stopped
  bool m_child_ended = false;
  bool m_passed_on = false; ///< a signal that was sent to us, not typed on the terminal
  bool m_firewall_ended = false;
  bool m_agent_told = false;
  bool m_agent_ended = false;
  std::optional<Clock::time_point> m_deadline;
  Reason m_expired = Reason::forced;
  int m_signal = 0;
  int m_interrupts = 0;
  Clock::time_point m_last_interrupt;
};

} // namespace

RunOutcome supervise(pid_t pid, const Watch& watch, const PeriodicTask& task) {
  return Supervisor(pid, watch, task).run();
}

void stop_process(const Fd& process, std::chrono::milliseconds patience) {
  support::send_signal(process, SIGTERM);
  if (!support::ends_within(process, patience)) {
    support::send_signal(process, SIGKILL);
    support::ends_within(process, patience);
  }
}

} // namespace agentbox::box
