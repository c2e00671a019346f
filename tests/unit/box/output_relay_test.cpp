// SPDX-License-Identifier: Apache-2.0
#include "box/output_relay.hpp"

#include <csignal>
#include <fcntl.h>
#include <string>
#include <thread>
#include <unistd.h>

#include "box/supervisor.hpp"
#include "catch.hpp"

using namespace agentbox;
using namespace std::chrono_literals;

namespace {

box::RunOutcome run(const std::string& script, int output) {
  support::Command command{{"/bin/sh", "-c", script}, {{"PATH", "/usr/bin:/bin"}}, {}};
  box::OutputRelay relay(command, output);
  const pid_t pid = support::spawn(command);
  relay.command_started();
  box::Watch watch;
  watch.relay = &relay;
  return box::supervise(pid, watch);
}

} // namespace

TEST_CASE("a slow reader of a pipe gets everything") {
  support::Pipe pipe = support::make_pipe();
  std::string text;
  std::thread reader([&] {
    std::string buffer(4096, '\0');
    for (ssize_t count = 0; (count = read(pipe.read_end.get(), buffer.data(), buffer.size())) > 0;) {
      text.append(buffer, 0, static_cast<std::size_t>(count));
      std::this_thread::sleep_for(1ms);
    }
  });
  CHECK(run("head -c 1000000 /dev/zero | tr '\\0' x; exit 7", pipe.write_end.get()).exit_code == 7);
  pipe.write_end.reset();
  reader.join();
  CHECK(text == std::string(1000000, 'x'));
}

TEST_CASE("a command whose reader has gone ends with 141 if it prints something") {
  support::Pipe pipe = support::make_pipe();
  pipe.read_end.reset();
  CHECK(run("while :; do echo y; done", pipe.write_end.get()).exit_code == 128 + SIGPIPE);
  CHECK(run("exit 3", pipe.write_end.get()).exit_code == 3);
}

TEST_CASE("output to a file is not relayed") {
  support::Command command;
  const support::Fd file(open("/dev/null", O_WRONLY | O_CLOEXEC));
  const box::OutputRelay relay(command, file.get());
  CHECK(command.fds.empty());
  CHECK(relay.awaited().fd == -1);
}
