// SPDX-License-Identifier: Apache-2.0
#include "session/supervisor.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/error.hpp"
#include "support/fd.hpp"
#include "support/file.hpp"

namespace agentbox::session {
namespace {

using Clock = std::chrono::steady_clock;
using support::Fd;

Fd open_pidfd(pid_t pid) {
  return Fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
}

/// Whether `fd` (a pidfd) becomes readable, that is, its process ends, within `patience`.
bool ends_within(const Fd& fd, std::chrono::milliseconds patience) {
  pollfd watched{fd.get(), POLLIN, 0};
  const auto deadline = Clock::now() + patience;
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    const int ready = poll(&watched, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (ready >= 0 || errno != EINTR) {
      return ready > 0;
    }
  }
}

/// The process whose id is in `file`; none while there is no such file, or it is not complete.
std::optional<pid_t> pid_in(const std::filesystem::path& file) {
  const std::string text = support::read_file_if_exists(file, 32).value_or("");
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
  return error == std::errc() && pid > 1 ? std::optional(pid) : std::nullopt;
}

/// Learns the firewall's process from a file that appears later, and notices its end.
class FirewallWatch {
public:
  explicit FirewallWatch(const std::optional<std::filesystem::path>& file) {
    if (!file) {
      return;
    }
    m_file = *file;
    m_inotify.reset(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!m_inotify ||
        inotify_add_watch(m_inotify.get(), m_file.parent_path().c_str(), IN_CLOSE_WRITE | IN_MOVED_TO) < 0) {
      throw support::system_error(support::ExitCode::failed, "cannot watch " + m_file.parent_path().string(), errno);
    }
    look(); // it may be there already
  }

  /// The descriptor to poll: the folder until the file is there, then the process. -1 when there is nothing to watch.
  int fd() const noexcept { return m_process ? m_process.get() : m_inotify.get(); }

  /// Called when fd() is readable. True when the firewall has ended.
  bool ended() {
    if (m_process) {
      return true;
    }
    std::array<char, 4096> events{};
    while (read(m_inotify.get(), events.data(), events.size()) > 0) {
    }
    return look();
  }

private:
  /// True when the file names a process that is gone already.
  bool look() {
    const auto pid = pid_in(m_file);
    if (pid) {
      m_process = open_pidfd(*pid);
    }
    return pid && !m_process;
  }

  std::filesystem::path m_file;
  Fd m_inotify;
  Fd m_process;
};

/// The rules of passing signals on, and when patience ends.
class Supervisor {
public:
  Supervisor(pid_t pid, const Signals& signals, const Watch& watch)
      : m_pid(pid), m_child(open_pidfd(pid)), m_signals(signals), m_watch(watch), m_firewall(watch.firewall_pid) {
    if (!m_child) {
      throw support::system_error(support::ExitCode::failed, "cannot watch process " + std::to_string(pid), errno);
    }
  }

  Outcome run() {
    while (true) {
      std::array<pollfd, 3> watched{{{m_child.get(), POLLIN, 0},
                                     {m_signals.fd(), POLLIN, 0},
                                     {m_firewall_ended ? -1 : m_firewall.fd(), POLLIN, 0}}};
      const int ready = poll(watched.data(), watched.size(), patience());
      if (ready < 0 && errno != EINTR) {
        throw support::system_error(support::ExitCode::failed, "cannot wait for the box", errno);
      }
      if (watched[0].revents != 0) {
        return ended(support::wait(m_pid));
      }
      if (ready == 0 && m_deadline && Clock::now() >= *m_deadline && !only_waits_for_podman()) {
        return {m_expired, {m_expired == Outcome::Reason::forced ? 128 + m_signal : 0, m_signal}};
      }
      while (const auto signal = m_signals.next()) {
        take(*signal);
      }
      if (watched[2].revents != 0 && m_firewall.ended()) {
        m_firewall_ended = true;
        expire_after(m_watch.firewall_grace, Outcome::Reason::firewall_died);
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

  /// At the deadline after the firewall's end: when the agent has ended as well, Podman is only slow to say so.
  bool only_waits_for_podman() {
    const auto agent = m_watch.agent_pid ? pid_in(*m_watch.agent_pid) : std::nullopt;
    if (m_expired != Outcome::Reason::firewall_died || !agent || open_pidfd(*agent)) {
      return false;
    }
    m_deadline.reset();
    return true;
  }

  int patience() const {
    if (!m_deadline) {
      return -1;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*m_deadline - Clock::now());
    return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
  }

  void expire_after(std::chrono::milliseconds grace, Outcome::Reason reason) {
    const auto deadline = Clock::now() + grace;
    if (!m_deadline || deadline < *m_deadline) {
      m_deadline = deadline;
      m_expired = reason;
    }
  }

  void take(const Signal& signal) {
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
  const Signals& m_signals;
  const Watch& m_watch;
  FirewallWatch m_firewall;
  bool m_firewall_ended = false;
  std::optional<Clock::time_point> m_deadline;
  Outcome::Reason m_expired = Outcome::Reason::forced;
  int m_signal = 0;
  int m_interrupts = 0;
  Clock::time_point m_last_interrupt;
};

} // namespace

Outcome supervise(pid_t pid, const Signals& signals, const Watch& watch) {
  return Supervisor(pid, signals, watch).run();
}

support::ExitStatus reap(pid_t pid, std::chrono::milliseconds patience) {
  const Fd process = open_pidfd(pid);
  if (process && !ends_within(process, patience)) {
    kill(pid, SIGKILL);
  }
  return support::wait(pid);
}

void stop_process(pid_t pid, std::chrono::milliseconds patience) {
  const Fd process = open_pidfd(pid);
  if (!process) {
    return;
  }
  // By the pidfd: the number may be another's by now.
  syscall(SYS_pidfd_send_signal, process.get(), SIGTERM, nullptr, 0);
  if (!ends_within(process, patience)) {
    syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0);
    ends_within(process, patience);
  }
}

} // namespace agentbox::session
