// SPDX-License-Identifier: Apache-2.0
#include "entrypoint/init_process.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <poll.h>
#include <string_view>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "entrypoint/entrypoint_message.hpp"
#include "entrypoint/gate.hpp"
#include "entrypoint/leash_end.hpp"
#include "entrypoint/mount_check.hpp"
#include "protocol/protocol.hpp"

namespace agentbox::entrypoint {
namespace {

/// Signals that are not blocked and forwarded: our own faults must kill us, SIGCHLD is for us; SIGTTOU, SIGTTIN and
/// SIGTSTP would stop the init, which nothing could continue.
constexpr std::array k_never_blocked = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};
constexpr std::array k_ignored = {SIGTTOU, SIGTTIN, SIGTSTP};

/// Returns a descriptor of our controlling terminal, or -1.
int terminal() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (isatty(fd) == 1 && tcgetsid(fd) == getsid(0)) {
      return fd;
    }
  }
  return -1;
}

sigset_t watched_signals() {
  sigset_t set;
  sigfillset(&set);
  for (const int signal : k_never_blocked) {
    sigdelset(&set, signal);
  }
  return set;
}

[[noreturn]] void exec_program(char** argv) {
  execvp(argv[0], argv);
  const int error = errno;
  const std::string_view name = argv[0];
  if (error != ENOENT && error != ENOTDIR) {
    die(k_refused, {"cannot run ", name, ": ", error_text(error)});
  }
  if (name.find('/') != std::string_view::npos && access(argv[0], F_OK) == 0) {
    die(k_not_found, {"cannot run ", name, ": its interpreter or loader is not in this image"});
  }
  die(k_not_found, {"there is no program ", name, " in this image"});
}

[[noreturn]] void become_child(char** argv, int terminal_fd, const sigset_t& mask_before, Domain domain) {
  setpgid(0, 0);
  if (terminal_fd >= 0) {
    tcsetpgrp(terminal_fd, getpid()); // SIGTTOU is still blocked and ignored
  }
  for (const int signal : k_ignored) {
    std::signal(signal, SIG_DFL);
  }
  sigprocmask(SIG_SETMASK, &mask_before, nullptr);
  unsetenv(protocol::k_nonce_variable);
  unsetenv(protocol::k_verify_variable);
  forget_mounts();
  unsetenv(protocol::k_leash_variable);
  restrict_files(domain);
  unsetenv(protocol::k_landlock_variable);
  unsetenv(protocol::k_open_files_variable); // pod YAML alone sets it: the agent sees the same variables in every box
  exec_program(argv);
}

int exit_code_of(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/// Continues a stopped child: there is no shell above it that could.
void wake(pid_t child, int stop_signal, int terminal_fd) {
  if ((stop_signal == SIGTTIN || stop_signal == SIGTTOU) && terminal_fd >= 0) {
    tcsetpgrp(terminal_fd, getpgid(child)); // otherwise it would stop again immediately
  }
  kill(-child, SIGCONT);
  kill(child, SIGCONT);
}

/// Reaps all ended processes. Returns true, with `code` set, if the child is among them.
bool reap(pid_t child, int terminal_fd, int& code) {
  bool ended = false;
  int status = 0;
  for (pid_t pid = 0; (pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0;) {
    if (WIFSTOPPED(status)) {
      if (pid == child) {
        wake(child, WSTOPSIG(status), terminal_fd);
      }
    } else if (pid == child) {
      code = exit_code_of(status);
      ended = true;
    }
  }
  return ended;
}

void forward(int signal, pid_t child) {
  if (kill(-child, signal) != 0) {
    kill(child, signal); // it has left its group
  }
}

/// Checks periodically whether the firewall of a box without a launcher has ended.
class FirewallWatch {
public:
  explicit FirewallWatch(bool wanted) {
    if (wanted) {
      m_clock = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
      const itimerspec period{{k_period_s, 0}, {k_period_s, 0}};
      if (m_clock < 0 || timerfd_settime(m_clock, 0, &period, nullptr) != 0) {
        die(k_failed, {"cannot watch the firewall: ", error_text(errno)});
      }
    }
  }
  /// Returns a descriptor that is readable when has_ended() must be called, or -1.
  int descriptor() const { return m_clock; }
  /// Returns whether the firewall has ended. In a cluster it is restarted immediately, so one refusal is not enough.
  bool has_ended() {
    std::uint64_t periods = 0;
    if (m_clock < 0 || read(m_clock, &periods, sizeof periods) != static_cast<ssize_t>(sizeof periods)) {
      return false;
    }
    m_refusals = firewall_has_ended() ? m_refusals + 1 : 0;
    return m_refusals > 1;
  }

private:
  static constexpr int k_period_s = 2;
  int m_clock = -1;
  int m_refusals = 0;
};

/// Returns the child's exit code when it has ended, or k_failed when the launcher or the firewall has ended. Everything
/// else in our PID namespace ends with us.
int supervise(pid_t child, int terminal_fd, int signals, int leash, FirewallWatch& firewall) {
  int code = 0;
  while (true) {
    std::array<pollfd, 3> watched{
        {{signals, POLLIN, 0}, {leash, POLLIN | POLLRDHUP, 0}, {firewall.descriptor(), POLLIN, 0}}};
    poll(watched.data(), watched.size(), -1);
    if (launcher_has_ended(leash)) {
      return k_failed;
    }
    if (firewall.has_ended()) {
      print_message({"the firewall has ended, and so does the box"});
      return k_failed;
    }
    signalfd_siginfo info{};
    if (read(signals, &info, sizeof info) != static_cast<ssize_t>(sizeof info)) {
      continue; // EAGAIN
    }
    if (info.ssi_signo != SIGCHLD) {
      forward(static_cast<int>(info.ssi_signo), child);
    } else if (reap(child, terminal_fd, code)) {
      return code;
    }
  }
}

} // namespace

int run_as_init(char** argv, int leash, bool watch_firewall, Domain domain) {
  const sigset_t watched = watched_signals();
  sigset_t mask_before;
  sigprocmask(SIG_BLOCK, &watched, &mask_before);
  for (const int signal : k_ignored) {
    std::signal(signal, SIG_IGN);
  }
  const int signals = signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signals < 0) {
    die(k_failed, {"cannot watch signals: ", error_text(errno)});
  }
  const int terminal_fd = terminal();
  const pid_t foreground_before = terminal_fd >= 0 ? tcgetpgrp(terminal_fd) : -1;
  require_launcher(leash);
  FirewallWatch firewall(watch_firewall);
  const pid_t child = fork();
  if (child < 0) {
    die(k_failed, {"cannot start a process: ", error_text(errno)});
  }
  if (child == 0) {
    become_child(argv, terminal_fd, mask_before, domain);
  }
  // Parent and child both do this, so that there is no race. It fails here if the child has already called exec.
  setpgid(child, child);
  const int code = supervise(child, terminal_fd, signals, leash, firewall);
  if (foreground_before > 0) {
    tcsetpgrp(terminal_fd, foreground_before); // for the parent shell, when we are not process 1
  }
  return code;
}

} // namespace agentbox::entrypoint
