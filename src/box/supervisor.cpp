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
#include "support/error.hpp"
#include "support/pidfd.hpp"

namespace agentbox::box {
namespace {

using Clock = std::chrono::steady_clock;
using support::Fd;

/// How often a file is looked for that tells of a process; only while the box starts.
constexpr std::chrono::milliseconds k_look_again{5};

/// From the agent's end until the firewall is stopped. Podman tidies up after each container in a process of its own;
/// where two of them meet at its database, the second one waits for 50 ms (bbolt tries its flock(2) again then). So the
/// second starts while the first is at work there, and finds it done.
constexpr std::chrono::milliseconds k_between_ends{25};

/// The rules of passing signals on, and when patience ends.
class Supervisor {
public:
  Supervisor(pid_t pid, const support::Signals& signals, const Watch& watch, const Aside& aside)
      : m_pid(pid), m_child(support::open_pidfd(pid)), m_signals(signals), m_watch(watch), m_aside(aside),
        m_firewall(watch.firewall_pid), m_agent(watch.agent_pid) {
    if (!m_child) {
      throw support::system_error(support::ExitCode::failed, "cannot watch process " + std::to_string(pid), errno);
    }
    if (m_aside.look) {
      m_aside_due = Clock::now() + m_aside.first;
    }
  }

  Outcome run() {
    while (true) {
      std::array<pollfd, 4> watched{{{m_child.get(), POLLIN, 0},
                                     {m_signals.fd(), POLLIN, 0},
                                     {m_firewall_ended ? -1 : m_firewall.fd(), POLLIN, 0},
                                     {m_agent_ended ? -1 : m_agent.fd(), POLLIN, 0}}};
      const int ready = poll(watched.data(), watched.size(), patience());
      if (ready < 0 && errno != EINTR) {
        throw support::system_error(support::ExitCode::failed, "cannot wait for the box", errno);
      }
      if (watched[0].revents != 0) {
        return ended(support::wait(m_pid));
      }
      while (const auto signal = m_signals.next()) {
        take(*signal);
      }
      look_at_the_box();
      if (m_deadline && Clock::now() >= *m_deadline) {
        return {m_expired, {m_expired == Outcome::Reason::forced ? 128 + m_signal : 0, m_signal}};
      }
      if (m_aside_due && Clock::now() >= *m_aside_due) {
        look_aside();
      }
    }
  }

private:
  /// A Podman that a signal met before it had made the container ends with 0, although nothing ran.
  Outcome ended(support::ExitStatus status) const {
    if (m_watch.agent_pid && !std::filesystem::exists(*m_watch.agent_pid) && m_signal != 0) {
      status = {128 + m_signal, m_signal};
    }
    return {Outcome::Reason::ended, status};
  }

  void look_at_the_box() {
    m_firewall.look();
    m_agent.look();
    if (!m_agent.is_awaited() && !std::exchange(m_agent_told, true) && m_watch.agent_started) {
      m_watch.agent_started();
    }
    if (!m_agent_ended && m_agent.ended()) {
      m_agent_ended = true;
      m_firewall_due = Clock::now() + k_between_ends; // nobody needs it any more
      if (m_deadline && m_expired == Outcome::Reason::firewall_died) {
        m_deadline.reset(); // Podman is only slow to say so
      }
    }
    if (m_firewall_due && Clock::now() >= *m_firewall_due) {
      m_firewall_due.reset();
      m_firewall.send(SIGTERM);
    }
    if (!m_firewall_ended && m_firewall.ended()) {
      m_firewall_ended = true;
      if (!m_agent_ended) {
        expire_after(m_watch.firewall_grace, Outcome::Reason::firewall_died);
      }
    }
  }

  static std::chrono::milliseconds left_until(Clock::time_point time) {
    return std::max(std::chrono::ceil<std::chrono::milliseconds>(time - Clock::now()), std::chrono::milliseconds(0));
  }

  /// For poll(2).
  int patience() const {
    std::optional<std::chrono::milliseconds> patience;
    if (m_deadline) {
      patience = left_until(*m_deadline);
    }
    if (m_aside_due) {
      const auto left = left_until(*m_aside_due);
      patience = std::min(patience.value_or(left), left);
    }
    if (m_firewall_due) {
      patience = std::min(patience.value_or(k_between_ends), left_until(*m_firewall_due));
    }
    if (m_firewall.is_awaited() || m_agent.is_awaited()) {
      patience = std::min(patience.value_or(k_look_again), k_look_again);
    }
    return patience ? static_cast<int>(patience->count()) : -1;
  }

  void look_aside() { m_aside_due = Clock::now() + m_aside.look(); }

  void expire_after(std::chrono::milliseconds grace, Outcome::Reason reason) {
    const auto deadline = Clock::now() + grace;
    if (!m_deadline || deadline < *m_deadline) {
      m_deadline = deadline;
      m_expired = reason;
    }
  }

  void take(const support::Signal& signal) {
    if (!signal.from_terminal) {
      kill(m_pid, signal.number);
    }
    switch (signal.number) {
    case SIGTERM:
      m_signal = SIGTERM;
      expire_after(m_watch.term_grace, Outcome::Reason::forced);
      break;
    case SIGHUP:
      m_signal = SIGHUP;
      expire_after(m_watch.hangup_grace, Outcome::Reason::forced);
      break;
    default: // Ctrl-C and Ctrl-\ are the agent's to handle, unless they are repeated in vain
      m_signal = signal.number;
      m_interrupts = Clock::now() - m_last_interrupt < std::chrono::seconds(1) ? m_interrupts + 1 : 1;
      m_last_interrupt = Clock::now();
      if (m_interrupts >= m_watch.interrupts_to_force) {
        expire_after(std::chrono::milliseconds(500), Outcome::Reason::forced);
      }
    }
  }

  pid_t m_pid;
  Fd m_child;
  const support::Signals& m_signals;
  const Watch& m_watch;
  const Aside& m_aside;
  std::optional<Clock::time_point> m_aside_due;
  LateProcess m_firewall;
  LateProcess m_agent;
  std::optional<Clock::time_point> m_firewall_due; ///< when it is stopped
  bool m_firewall_ended = false;
  bool m_agent_told = false;
  bool m_agent_ended = false;
  std::optional<Clock::time_point> m_deadline;
  Outcome::Reason m_expired = Outcome::Reason::forced;
  int m_signal = 0;
  int m_interrupts = 0;
  Clock::time_point m_last_interrupt;
};

} // namespace

Outcome supervise(pid_t pid, const support::Signals& signals, const Watch& watch, const Aside& aside) {
  return Supervisor(pid, signals, watch, aside).run();
}

support::ExitStatus reap(pid_t pid, std::chrono::milliseconds patience) {
  const Fd process = support::open_pidfd(pid);
  if (process && !support::ends_within(process, patience)) {
    kill(pid, SIGKILL);
  }
  return support::wait(pid);
}

void stop_process(pid_t pid, std::chrono::milliseconds patience) {
  const Fd process = support::open_pidfd(pid);
  if (!process) {
    return;
  }
  // By the pidfd: the number may be another's by now.
  support::send_signal(process, SIGTERM);
  if (!support::ends_within(process, patience)) {
    support::send_signal(process, SIGKILL);
    support::ends_within(process, patience);
  }
}

} // namespace agentbox::box
