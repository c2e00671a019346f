// SPDX-License-Identifier: Apache-2.0
#include "box/terminal_guard.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

#include "support/command.hpp"
#include "support/error.hpp"
#include "support/ignore_sigpipe.hpp"
#include "support/pidfd.hpp"
#include "support/terminal.hpp"

namespace agentbox::box {
namespace {

/// Control sequences of xterm and the terminals that follow it (ctlseqs, kitty's keyboard protocol). Each is ignored
/// where it is unknown. ESC 7 before leaving the alternate screen: on the normal one, CSI ? 1049 l alone would move the
/// cursor to a position saved long ago.
constexpr std::string_view k_reset =
    "\x1b[<u"                                    // keyboard protocol of this screen
    "\0337\x1b[?1049l"                           // alternate screen
    "\x1b[<u\x1b[>4m"                            // keyboard protocols
    "\x1b[?1000l\x1b[?1002l\x1b[?1003l"          // mouse reports
    "\x1b[?1005l\x1b[?1006l\x1b[?1015l"          // and their encodings
    "\x1b[?1004l\x1b[?2004l\x1b[?2026l"          // focus, paste, synchronized output
    "\x1b[?1l\x1b>"                              // cursor keys, keypad
    "\x1b[?25h\x1b[?7h\x1b[4l\x1b[0m\x1b(B\x0f"; // cursor, wrap, insert, colours, charset

bool understands_sequences() {
  const char* const name = std::getenv("TERM");
  return name != nullptr && *name != '\0' && std::string_view(name) != "dumb";
}

/// All that the forked process does. Only async-signal-safe calls (signal-safety(7)): another thread of the launcher
/// may have held a lock at the fork.
[[noreturn]] void outlive_launcher(int alive, int podman, const termios& modes, bool reset) {
  // Nothing of the launcher's is kept open: its lock, for one, says whether it lives.
  const int high_alive = fcntl(alive, F_DUPFD, 10); // out of the way of 3 and 4
  const int high_podman = fcntl(podman, F_DUPFD, 10);
  if (dup2(high_alive, 3) < 0 || dup2(high_podman, 4) < 0 || syscall(SYS_close_range, 5U, ~0U, 0U) != 0) {
    _exit(1);
  }
  close(STDERR_FILENO);
  char byte = 0;
  ssize_t count = -1;
  while ((count = read(3, &byte, 1)) < 0 && errno == EINTR) {
  }
  if (count == 0) {
    syscall(SYS_pidfd_send_signal, 4, SIGKILL, nullptr, 0);
    pollfd ended{4, POLLIN, 0};
    poll(&ended, 1, 1000);
    termios now{};
    // A shell that has set its own modes by now keeps them; a raw terminal without keys for signals is Podman's.
    if (tcgetattr(STDIN_FILENO, &now) == 0 && (now.c_lflag & ISIG) == 0) {
      tcsetattr(STDIN_FILENO, TCSANOW, &modes);
    }
    if (reset && tcgetpgrp(STDOUT_FILENO) > 0) {
      [[maybe_unused]] const ssize_t written = write(STDOUT_FILENO, k_reset.data(), k_reset.size());
    }
  }
  _exit(0);
}

} // namespace

TerminalGuard::TerminalGuard() {
  termios modes{};
  if (support::own_terminal().interactive() && tcgetattr(STDIN_FILENO, &modes) == 0) {
    m_modes = modes;
  }
}

TerminalGuard::~TerminalGuard() {
  if (m_watcher > 0) {
    const support::IgnoreSigpipe ignore;                                   // it may have been killed
    [[maybe_unused]] const ssize_t written = write(m_alive.get(), "e", 1); // an end in peace
    support::wait_or_kill(m_watcher, std::chrono::seconds(1));
  }
  // From the background this would stop us (SIGTTOU), and the terminal is the shell's then. A terminal that is gone
  // fails with EIO, and there is nothing to restore.
  if (m_modes && tcgetpgrp(STDIN_FILENO) == getpgrp()) {
    tcsetattr(STDIN_FILENO, TCSADRAIN, &*m_modes);
  }
}

void TerminalGuard::outlive(pid_t podman) {
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
  sigfillset(&all); // for the other one, which shares our terminal's keys and must not be stopped by SIGTTOU
  pthread_sigmask(SIG_SETMASK, &all, &old);
  m_watcher = fork();
  const int error = errno;
  if (m_watcher == 0) {
    outlive_launcher(pipe.read_end.get(), process.get(), *m_modes, reset);
  }
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
  if (m_watcher < 0) {
    throw support::system_error(support::ExitCode::failed, "cannot start a process", error);
  }
  m_alive = std::move(pipe.write_end);
}

void TerminalGuard::reset_screen() const {
  if (m_watcher > 0 && understands_sequences() && tcgetpgrp(STDOUT_FILENO) == getpgrp()) {
    [[maybe_unused]] const ssize_t written = write(STDOUT_FILENO, k_reset.data(), k_reset.size());
  }
}

} // namespace agentbox::box
