// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <string>
#include <sys/ioctl.h>
#include <unistd.h>

#include "catch.hpp"
#include "stand_in.hpp"

using namespace agentbox::entrypoint_test;
using Catch::Matchers::Contains;

namespace {

void type(int master, const std::string& text) {
  REQUIRE(write(master, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

} // namespace

TEST_CASE("on a terminal the agent is started, in the foreground") {
  const Outcome outcome = run_on_terminal(
      {}, {"agent", "/bin/sh", "-c", "ps -o stat= -p $$; read line; echo read $line"}, [](int master, int) {
        CHECK_THAT(read_until(master, "\n"), Contains("+"));
        type(master, "hello\n");
        CHECK_THAT(read_until(master, "read hello"), Contains("read hello"));
      });
  CHECK(outcome.code == 0);
}

TEST_CASE("Ctrl-C reaches the program and not the entry point") {
  const Outcome outcome = run_on_terminal(
      {}, {"exec", "/bin/sh", "-c", "trap 'echo interrupted; exit 9' INT; echo ready; read line"}, [](int master, int) {
        read_until(master, "ready");
        type(master, "\x03");
        CHECK_THAT(read_until(master, "interrupted"), Contains("interrupted"));
      });
  CHECK(outcome.code == 9);
}

TEST_CASE("a change of the window's size reaches the program") {
  run_on_terminal({},
                  {"exec", "/bin/bash", "-c", "trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.05; done"},
                  [](int master, int) {
                    read_until(master, "ready");
                    const winsize size{33, 99, 0, 0};
                    REQUIRE(ioctl(master, TIOCSWINSZ, &size) == 0);
                    CHECK_THAT(read_until(master, "33 99"), Contains("33 99"));
                  });
}

TEST_CASE("job control works in a shell") {
  const Outcome outcome = run_on_terminal({}, {"exec", "/bin/bash", "--norc", "-i"}, [](int master, int) {
    type(master, "sh -c 'echo run\"\"ning; exec sleep 100'\n"); // the echo of the input does not contain "running"
    read_until(master, "running");
    type(master, "\x1a");
    CHECK_THAT(read_until(master, "Stopped"), Contains("Stopped"));
    type(master, "kill -KILL %1; fg\nexit 4\nexit 4\n");
    read_until(master, "exit");
  });
  CHECK(outcome.code == 4);
}

TEST_CASE("Ctrl-Z in a program without a shell does not hang the box") {
  const Outcome outcome =
      run_on_terminal({}, {"exec", "/bin/sh", "-c", "echo ready; read line; echo read $line"}, [](int master, int) {
        read_until(master, "ready");
        type(master, "\x1a");
        usleep(100'000);
        type(master, "on\n");
        CHECK_THAT(read_until(master, "read on"), Contains("read on"));
      });
  CHECK(outcome.code == 0);
}

TEST_CASE("a closed terminal ends the program") {
  const Outcome outcome =
      run_on_terminal({}, {"exec", "/bin/sh", "-c", "echo ready; sleep 100"}, [](int master, int pid) {
        read_until(master, "ready");
        kill(pid, SIGHUP); // what the kernel sends the session's leader when the other side is closed
      });
  CHECK(outcome.code == 128 + SIGHUP);
}

TEST_CASE("a terminal type that the image lacks is replaced by one that it has") {
  for (const auto& [name, seen] :
       {std::pair("xterm-of-next-year", "xterm-256color"), std::pair("../../../etc/passwd", "xterm-256color"),
        std::pair("linux", "linux"), std::pair("dumb", "dumb")}) {
    Surroundings box;
    box.env.push_back(std::string("TERM=") + name);
    CHECK_THAT(run(box, {"exec", "/bin/sh", "-c", "echo is $TERM"}).output, Contains("is " + std::string(seen) + "\n"));
  }
}
