// SPDX-License-Identifier: Apache-2.0
#include "box/terminal_guard.hpp"

#include <array>
#include <csignal>
#include <cstdlib>
#include <pty.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

#include "catch.hpp"
#include "support/fd.hpp"

using namespace agentbox;
using Catch::Matchers::Contains;

namespace {

struct Shown {
  std::string text;
  bool raw = false; ///< the terminal was left raw
};

/// Runs `program` on a terminal of its own, as a child of the terminal's session leader, until it has ended.
Shown on_terminal(void (*program)()) {
  int master = -1;
  const pid_t shell = forkpty(&master, nullptr, nullptr, nullptr);
  if (shell == 0) {
    setenv("TERM", "xterm", 1);
    const pid_t launcher = fork();
    if (launcher == 0) {
      program();
      _exit(0);
    }
    waitpid(launcher, nullptr, 0);
    usleep(300000);                                                        // for the process that outlives it
    [[maybe_unused]] const ssize_t written = write(STDOUT_FILENO, "$", 1); // the modes are read with the last byte
    usleep(100000);
    _exit(0);
  }
  const support::Fd fd(master);
  Shown shown;
  std::array<char, 4096> buffer{};
  termios modes{};
  for (ssize_t count = 0; (count = read(master, buffer.data(), buffer.size())) > 0;) { // EIO at the end
    shown.text.append(buffer.data(), static_cast<std::size_t>(count));
    tcgetattr(master, &modes);
    shown.raw = (modes.c_lflag & ISIG) == 0;
  }
  waitpid(shell, nullptr, 0);
  return shown;
}

/// What a Podman with a full-screen agent does to the terminal, and then nothing.
pid_t full_screen_podman() {
  const pid_t podman = fork();
  if (podman == 0) {
    pause();
    _exit(0);
  }
  termios raw{};
  tcgetattr(0, &raw);
  cfmakeraw(&raw);
  tcsetattr(0, TCSANOW, &raw);
  return podman;
}

} // namespace

TEST_CASE("the terminal is reset after a launcher that was killed, and its Podman is ended") {
  const Shown shown = on_terminal([] {
    box::TerminalGuard guard;
    const pid_t podman = full_screen_podman();
    guard.outlive(podman);
    kill(getpid(), SIGKILL);
  });
  for (const char* sequence : {"\x1b[?1049l", "\x1b[?1000l", "\x1b[?25h", "\x1b[?2004l", "\x1b[<u", "\x1b[?1l"}) {
    CHECK_THAT(shown.text, Contains(sequence));
  }
  CHECK_FALSE(shown.raw);
}

TEST_CASE("the launcher itself restores the modes, and the screen when it is asked to") {
  const Shown quiet = on_terminal([] {
    box::TerminalGuard guard;
    const pid_t podman = full_screen_podman();
    guard.outlive(podman);
    kill(podman, SIGKILL);
  });
  CHECK(quiet.text == "$");
  const Shown reset = on_terminal([] {
    box::TerminalGuard guard;
    const pid_t podman = full_screen_podman();
    guard.outlive(podman);
    guard.reset_screen();
    kill(podman, SIGKILL);
  });
  CHECK_THAT(reset.text, Contains("\x1b[?1049l"));
  CHECK_FALSE(reset.raw);
}
