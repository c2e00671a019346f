// SPDX-License-Identifier: Apache-2.0
#include "box/terminal_guard.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

#include "box/terminal_reset.hpp"
#include "support/command.hpp"
#include "support/error.hpp"
#include "support/ignore_sigpipe.hpp"
#include "support/pidfd.hpp"

namespace agentbox::box {
namespace {

bool understands_sequences() {
  const char* const name = std::getenv("TERM");
  return name != nullptr && *name != '\0' && std::string_view(name) != "dumb";
}

bool is_fifo(int fd) {
  struct stat info {};
  return fstat(fd, &info) == 0 && S_ISFIFO(info.st_mode);
}

void write_all(int fd, std::string_view text) {
  [[maybe_unused]] const ssize_t written = write(fd, text.data(), text.size());
}

/// Runs in the forked process. Only async-signal-safe calls (signal-safety(7)): another thread of the launcher
/// may have held a lock at the fork.
[[noreturn]] void outlive_launcher(int alive, int podman, int terminal, const termios& modes, bool reset) {
  // Closes the launcher's descriptors: while its lock is open, the launcher looks alive.
  const int high_alive = fcntl(alive, F_DUPFD, 10); // out of the way of 3 to 5
  const int high_podman = fcntl(podman, F_DUPFD, 10);
  const int high_terminal = fcntl(terminal, F_DUPFD, 10);
  if (dup2(high_alive, 3) < 0 || dup2(high_podman, 4) < 0 || dup2(high_terminal, 5) < 0 ||
      syscall(SYS_close_range, 0U, 2U, 0U) != 0 || syscall(SYS_close_range, 6U, ~0U, 0U) != 0) {
    _exit(1);
  }
  char byte = 0;
  ssize_t count = -1;
  while ((count = read(3, &byte, 1)) < 0 && errno == EINTR) {
  }
  if (count == 0) {
    syscall(SYS_pidfd_send_signal, 4, SIGKILL, nullptr, 0);
    pollfd ended{4, POLLIN, 0};
    poll(&ended, 1, 1000);
    tcflush(5, TCIFLUSH); // what the terminal answered; the shell may read the rest already
    termios now{};
    // A shell may have set its own modes already: those stay. Raw mode without keys for signals is Podman's.
    if (tcgetattr(5, &now) == 0 && (now.c_lflag & ISIG) == 0) {
      tcsetattr(5, TCSANOW, &modes);
    }
    if (reset && tcgetpgrp(5) > 0) {
      write_all(5, k_terminal_reset);
    }
  }
  _exit(0);
}

} // namespace

TerminalGuard::TerminalGuard() {
  for (const int fd : {STDOUT_FILENO, STDERR_FILENO}) {
    if (m_terminal < 0 && isatty(fd) == 1) {
      m_terminal = fd;
    }
  }
  termios modes{};
  // In a pipeline the terminal may belong to another program, for example a pager.
  if (m_terminal >= 0 && !is_fifo(STDOUT_FILENO) && tcgetattr(m_terminal, &modes) == 0) {
    m_modes = modes;
  }
}

TerminalGuard::~TerminalGuard() {
  if (m_watcher > 0) {
    const support::IgnoreSigpipe ignore;                                   // it may have been killed
    [[maybe_unused]] const ssize_t written = write(m_alive.get(), "e", 1); // a regular end
    support::wait_or_kill(m_watcher, std::chrono::seconds(1));
  }
  if (m_modes && is_foreground()) {
    tcsetattr(m_terminal, TCSADRAIN, &*m_modes);
  }
}

// In the background a change would stop us (SIGTTOU), and the terminal belongs to the shell. A terminal that is gone
// fails with EIO, and there is nothing to restore.
bool TerminalGuard::is_foreground() const {
  return m_terminal >= 0 && tcgetpgrp(m_terminal) == getpgrp();
}

void TerminalGuard::lend_to(pid_t podman) {
  m_lent = true;
  if (!m_modes) {
    return;
  }
  support::Pipe pipe = support::make_pipe();
  const support::Fd process = support::open_pidfd(podman);
  if (!process) {
    throw support::system_error(support::ExitCode::failed, "cannot watch process " + std::to_string(podman), errno);
  }
  const bool reset = understands_sequences();
  sigset_t all;
  sigset_t old;
  sigfillset(&all); // for the forked process: it gets our terminal's signals, and SIGTTOU must not stop it
  pthread_sigmask(SIG_SETMASK, &all, &old);
  m_watcher = fork();
  const int error = errno;
  if (m_watcher == 0) {
    outlive_launcher(pipe.read_end.get(), process.get(), m_terminal, *m_modes, reset);
  }
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
  if (m_watcher < 0) {
    throw support::system_error(support::ExitCode::failed, "cannot start a process", error);
  }
  m_alive = std::move(pipe.write_end);
}

void TerminalGuard::take_back() {
  if (!std::exchange(m_lent, false) || !is_foreground()) {
    return;
  }
  if (!m_modes) {
    if (understands_sequences()) {
      write_all(m_terminal, k_visible_text);
    }
    return;
  }
  const termios quiet = quiet_modes(*m_modes);
  tcsetattr(m_terminal, TCSANOW, &quiet);
  if (understands_sequences()) {
    write_all(m_terminal, k_terminal_reset);
    if ((fcntl(m_terminal, F_GETFL) & O_ACCMODE) == O_RDWR) { // else the answer could not be read
      winsize size{};
      ioctl(m_terminal, TIOCGWINSZ, &size);
      discard_answers(m_terminal, make_fence(size),
                      std::chrono::milliseconds(500)); // enough for a connection around the world
    }
  }
  tcflush(m_terminal, TCIFLUSH);
  tcsetattr(m_terminal, TCSADRAIN, &*m_modes);
}

} // namespace agentbox::box
