// SPDX-License-Identifier: Apache-2.0
#include "box/terminal_guard.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <pty.h>
#include <string>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "box/terminal_reset.hpp"
#include "catch.hpp"
#include "support/command.hpp"
#include "support/fd.hpp"

using namespace agentbox;
using Catch::Matchers::Contains;

namespace {

struct Shown {
  std::string text;
  bool raw = false; ///< the terminal was left raw
};

/// Runs `program` on a new terminal, as a child of the terminal's session leader, until it has ended.
Shown on_terminal(void (*program)()) {
  int master = -1;
  support::Pipe seen = support::make_pipe();
  const pid_t shell = forkpty(&master, nullptr, nullptr, nullptr);
  if (shell == 0) {
    setenv("TERM", "xterm", 1);
    prctl(PR_SET_CHILD_SUBREAPER, 1); // for the process that outlives the launcher
    const pid_t launcher = fork();
    if (launcher == 0) {
      program();
      _exit(0);
    }
    while (wait(nullptr) > 0) {
    }
    [[maybe_unused]] ssize_t count = write(STDOUT_FILENO, "$", 1); // the modes are read with the last byte
    char byte = 0;
    seen.write_end.reset();
    count = read(seen.read_end.get(), &byte, 1);
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
    if (shown.text.back() == '$') {
      seen.write_end.reset();
    }
  }
  waitpid(shell, nullptr, 0);
  return shown;
}

/// Starts a process that changes the terminal like Podman with a full-screen agent, and then waits.
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
    guard.lend_to(podman);
    kill(getpid(), SIGKILL);
  });
  for (const char* sequence : {"\x1b[?1049l", "\x1b[?1000l", "\x1b[?25h", "\x1b[?2004l", "\x1b[<99u", "\x1b[?1l"}) {
    CHECK_THAT(shown.text, Contains(sequence));
  }
  CHECK_FALSE(shown.raw);
}

TEST_CASE("the terminal is taken back exactly once, however the launcher ends") {
  const Shown reset = on_terminal([] {
    box::TerminalGuard guard;
    const pid_t podman = full_screen_podman();
    guard.lend_to(podman);
    kill(podman, SIGKILL);
    guard.take_back();
    guard.take_back();
  });
  CHECK_THAT(reset.text, Contains("\x1b[?1049l"));
  CHECK(reset.text.find("\x1b[?1049l") == reset.text.rfind("\x1b[?1049l"));
  CHECK_FALSE(reset.raw);
  const Shown never_lent = on_terminal([] {
    box::TerminalGuard guard;
    guard.take_back();
  });
  CHECK(never_lent.text == "$");
}

TEST_CASE("where the screen may be a pager's, only our text is made visible") {
  const Shown shown = on_terminal([] {
    const support::Pipe pipe = support::make_pipe();
    dup2(pipe.write_end.get(), STDOUT_FILENO);
    box::TerminalGuard guard;
    guard.lend_to(getpid());
    guard.take_back();
  });
  CHECK_THAT(shown.text, Contains("\x1b[0m") && !Contains("\x1b[?1049l"));
}

namespace {

/// Plays a terminal that has answered `typed` to the agent and answers the fence after `delay_ms`, or never if
/// that is negative. Returns what is left for the shell to read.
std::string left_to_read(const std::string& typed, int delay_ms, bool reports_more = false) {
  int master = -1;
  int slave = -1;
  REQUIRE(openpty(&master, &slave, nullptr, nullptr, nullptr) == 0);
  termios modes{};
  tcgetattr(slave, &modes);
  const termios quiet = box::quiet_modes(modes);
  tcsetattr(slave, TCSANOW, &quiet);
  REQUIRE(write(master, typed.data(), typed.size()) == static_cast<ssize_t>(typed.size()));
  const box::Fence fence = box::make_fence({24, 80, 0, 0});
  std::thread terminal([&] {
    std::array<char, 4096> buffer{};
    const ssize_t count = read(master, buffer.data(), buffer.size());
    const bool asked = std::string(buffer.data(), static_cast<std::size_t>(count)).find("\x1b[6n") != std::string::npos;
    const std::string answer = (reports_more ? "\x1b[?62c" : "") + fence.answer;
    if (asked && delay_ms >= 0) {
      usleep(static_cast<unsigned>(delay_ms) * 1000);
      [[maybe_unused]] const ssize_t written = write(master, answer.data(), answer.size());
    }
  });
  box::discard_answers(slave, fence, std::chrono::milliseconds(delay_ms < 0 ? 300 : 60'000));
  terminal.join();
  std::array<char, 4096> left{};
  const ssize_t count = read(slave, left.data(), left.size()); // VMIN is 0
  close(master);
  close(slave);
  return {left.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
}

} // namespace

TEST_CASE("a terminal's replies are read before the shell can read them") {
  CHECK(left_to_read("", 0).empty());
  CHECK(left_to_read("", 300, true).empty());
  CHECK(left_to_read("\x1b[?62c\x1b]11;rgb:0/0/0\x1b\\", 20).empty());    // answers to the agent
  CHECK(left_to_read("\x1b[1;1R\x1b[2;2R\x1b[3;3R", 20, true).empty());   // that guess at the fence's
  CHECK(left_to_read(std::string(3000, 'x') + "rm -rf x\n", -1).empty()); // the terminal never replies
}

TEST_CASE("each fence is different, and within the screen") {
  CHECK(box::make_fence({24, 80, 0, 0}).answer != box::make_fence({24, 80, 0, 0}).answer);
  CHECK(box::make_fence({1, 1, 0, 0}).answer == "\x1b[1;1R\x1b[1;1R\x1b[1;1R");
  CHECK(box::make_fence({0, 0, 0, 0}).answer == "\x1b[1;1R\x1b[1;1R\x1b[1;1R"); // unknown
}
