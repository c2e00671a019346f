// SPDX-License-Identifier: Apache-2.0
// The built program, run as an ordinary process in new namespaces.
#include <array>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include "catch.hpp"
#include "stand_in.hpp"
#include "support/file.hpp"
#include "temp_directory.hpp"

using namespace agentbox::entrypoint_test;
using Catch::Matchers::Contains;

TEST_CASE("with everything in place the program runs") {
  const Outcome outcome = run({}, {"exec", "/bin/sh", "-c", "echo it runs"});
  CHECK(outcome.output == "it runs\n");
  CHECK(outcome.code == 0);
  CHECK(run({}, {"gate"}).code == 0);
}

TEST_CASE("without the first process's environment no process joins a box") {
  // Process 1 is the machine's here, and its environment is not readable for us.
  const Outcome outcome = run({}, {"join", "/bin/echo", "it ran"});
  CHECK(outcome.code == 126);
  CHECK_THAT(outcome.output, Contains("first process") && !Contains("it ran"));
}

TEST_CASE("uid 0 is refused") {
  Surroundings surroundings;
  surroundings.uid = 0;
  const Outcome outcome = run(surroundings, {"exec", "/bin/echo", "it ran"});
  CHECK(outcome.code == 126);
  CHECK_THAT(outcome.output, Contains("uid is 0") && !Contains("it ran"));
}

TEST_CASE("a process that is not confined is refused") {
  Surroundings surroundings;
  std::string named;
  SECTION("privileges could be gained") {
    surroundings.no_new_privileges = false;
    named = "NoNewPrivs";
  }
  SECTION("the bounding set is full") {
    surroundings.empty_bounding_set = false;
    named = "CapBnd";
  }
  SECTION("a capability is ambient") {
    surroundings.empty_bounding_set = false;
    surroundings.ambient_capability = true;
    named = "CapInh";
  }
  const Outcome outcome = run(surroundings, {"exec", "/bin/echo", "it ran"});
  CHECK(outcome.code == 126);
  CHECK_THAT(outcome.output, Contains(named) && !Contains("it ran"));
}

TEST_CASE("without the firewall nothing runs") {
  Surroundings surroundings;
  std::string named;
  SECTION("nobody answers") {
    surroundings.resolver = false;
    named = "does not answer at 127.0.0.1:53";
  }
  SECTION("another box's firewall answers") {
    surroundings.resolver_nonce = "ffffffffffffffffffffffffffffffff";
    named = "not this box's firewall";
  }
  SECTION("there is no ruleset, and no route") {
    surroundings.ruleset = false;
    named = "ruleset is not loaded";
  }
  SECTION("a blocked address can be reached") {
    surroundings.blocked_address_open = true;
    named = "can be reached";
  }
  const Outcome outcome = run(surroundings, {"exec", "/bin/echo", "it ran"});
  CHECK(outcome.code == 126);
  CHECK_THAT(outcome.output, Contains(named) && !Contains("it ran"));
  CHECK(outcome.seconds < 60);
}

TEST_CASE("a firewall may take two seconds to come up, and longer where the ruleset is in force") {
  Surroundings surroundings;
  surroundings.resolver_delay_ms = GENERATE(500, 3500);
  const Outcome outcome = run(surroundings, {"exec", "/bin/echo", "it ran"});
  CHECK(outcome.code == 0);
  CHECK(outcome.seconds > 0.4);
}

TEST_CASE("without a ruleset a slow firewall is not waited for") {
  Surroundings surroundings;
  surroundings.ruleset = false;
  surroundings.resolver_delay_ms = 60'000;
  CHECK(run(surroundings, {"exec", "/bin/echo", "it ran"}).code == 126);
}

TEST_CASE("the environment selects the check, and invalid values are refused") {
  Surroundings surroundings;
  const auto code_with = [&](std::vector<std::string> env) {
    env.emplace_back("PATH=/usr/bin:/bin");
    surroundings.env = std::move(env);
    return run(surroundings, {"exec", "/bin/true"}).code;
  };
  const std::string gate = std::string("AGENTBOX_GATE=") + k_nonce;
  CHECK(code_with({"AGENTBOX_NETWORK=filtered", gate}) == 0);
  CHECK(code_with({gate}) == 126);
  CHECK(code_with({"AGENTBOX_NETWORK=", gate}) == 126);
  CHECK(code_with({"AGENTBOX_NETWORK=FULL", gate}) == 126);
  CHECK(code_with({"AGENTBOX_NETWORK=filtered"}) == 126);
  CHECK(code_with({"AGENTBOX_NETWORK=filtered", "AGENTBOX_GATE="}) == 126);
  CHECK(code_with({"AGENTBOX_NETWORK=filtered", "AGENTBOX_GATE=short"}) == 126);
}

TEST_CASE("with the full network the confinement is checked, but not the gate") {
  Surroundings surroundings;
  surroundings.env = {"AGENTBOX_NETWORK=full", "PATH=/usr/bin:/bin"};
  surroundings.resolver = false;
  surroundings.ruleset = false;
  CHECK(run(surroundings, {"exec", "/bin/true"}).code == 0);
  surroundings.no_new_privileges = false;
  CHECK(run(surroundings, {"exec", "/bin/true"}).code == 126);
}

TEST_CASE("the program gets no gate variable and no descriptor that was left open") {
  REQUIRE(dup2(1, 57) == 57); // inherited by the entry point
  const Outcome outcome = run({}, {"exec", "/bin/sh", "-c", "env; test -e /proc/self/fd/57 || echo closed"});
  close(57);
  CHECK_THAT(outcome.output, Contains("AGENTBOX_NETWORK=filtered") && !Contains("AGENTBOX_GATE"));
  CHECK_THAT(outcome.output, Contains("closed"));
}

TEST_CASE("the process limit is AGENTBOX_PIDS or less, and is tested") {
  Surroundings surroundings;
  surroundings.env.emplace_back("AGENTBOX_PIDS=77");
  const Outcome outcome = run(surroundings, {"exec", "/bin/bash", "-c", "ulimit -Su; ulimit -Hu"});
  if (getuid() == 0) { // the kernel never enforces it for the host's root, whatever the ID in a namespace
    CHECK(outcome.code == 126);
    CHECK_THAT(outcome.output, Contains("nothing limits the box to 77 processes"));
  } else {
    CHECK(outcome.output == "77\n77\n");
  }
  for (const std::string value : {"0", "-1", "many", "", "12x", "99999999999999999999999"}) {
    surroundings.env.back() = "AGENTBOX_PIDS=" + value;
    CHECK(run(surroundings, {"exec", "/bin/true"}).code == 126);
  }
}

TEST_CASE("open files are AGENTBOX_OPEN_FILES or less, the variable is not passed on, and there are no core files") {
  Surroundings surroundings;
  surroundings.env.emplace_back("AGENTBOX_OPEN_FILES=99");
  const std::string script = "ulimit -Sn; ulimit -Hn; ulimit -Sc; ulimit -Hc; echo \"${AGENTBOX_OPEN_FILES-unset}\"";
  CHECK(run(surroundings, {"exec", "/bin/bash", "-c", script}).output == "99\n99\n0\n0\nunset\n");
  surroundings.env.back() = "AGENTBOX_OPEN_FILES=all";
  CHECK(run(surroundings, {"exec", "/bin/true"}).code == 126);
}

TEST_CASE("a program on stdin is executed from a file at home that has no name, or from memory") {
  const agentbox::tests::TempDirectory home;
  const std::string program = agentbox::support::read_file("/usr/bin/readlink", std::size_t{1} << 24U);
  Surroundings surroundings;
  surroundings.first_process = true; // the probe takes the environment of process 1
  surroundings.env.push_back("HOME=" + home.path().string());
  const std::vector<std::string> show_itself = {"probe", "/proc/self/exe"};
  const int possible = open(home.path().c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  const Outcome outcome = run(surroundings, show_itself, program);
  CHECK(outcome.code == 0);
  CHECK_THAT(outcome.output, Catch::Matchers::StartsWith(possible >= 0 ? home.path().string() + "/#" : "/memfd:"));
  CHECK_THAT(outcome.output, Contains("(deleted)"));
  CHECK(std::filesystem::is_empty(home.path()));
  close(possible);

  surroundings.env.back() = "HOME=" + (home / "missing").string();
  const Outcome in_memory = run(surroundings, show_itself, program);
  CHECK(in_memory.code == 0);
  CHECK_THAT(in_memory.output, Catch::Matchers::StartsWith("/memfd:agentbox-probe"));
}

TEST_CASE("exit codes are the program's, 128 + signal, 127 and 126") {
  CHECK(run({}, {"exec", "/bin/sh", "-c", "exit 7"}).code == 7);
  CHECK(run({}, {"exec", "/bin/sh", "-c", "kill -9 $$"}).code == 137);
  CHECK(run({}, {"exec", "no-such-program"}).code == 127);
  CHECK(run({}, {"exec", "/no/such/program"}).code == 127);
  CHECK(run({}, {"exec", "/etc/passwd"}).code == 126);
  CHECK(run({}, {"exec"}).code == 2);
  CHECK(run({}, {"gate", "x"}).code == 2);
  CHECK(run({}, {"other", "x"}).code == 2);
  CHECK(run({}, {}).code == 2);
}

TEST_CASE("without a terminal the agent is not started, a shell is") {
  const Outcome outcome = run({}, {"agent", "/bin/echo", "the agent"}, "echo the shell reads stdin\nexit 3\n");
  CHECK(outcome.output == "the shell reads stdin\n");
  CHECK(outcome.code == 3);
}

TEST_CASE("as process 1 it reaps orphans, and its end ends everything") {
  Surroundings surroundings;
  surroundings.first_process = true;
  const std::string script = "(sleep 0.1 &) ; (sh -c 'exit 3' &) ; sleep 2; ps -eo stat=,comm= | grep -c '^Z'; ps -o "
                             "comm= -p 1; sleep 1000 & exit 6";
  const Outcome outcome = run(surroundings, {"exec", "/bin/sh", "-c", script});
  CHECK(outcome.output == "0\nagent-entrypoin\n");
  CHECK(outcome.code == 6);
  CHECK(outcome.seconds < 60);
}

TEST_CASE("signals are forwarded") {
  const Outcome outcome = run(
      {}, {"exec", "/bin/sh", "-c", "trap 'echo got it; exit 5' TERM; kill -TERM $PPID; while :; do sleep 0.1; done"});
  CHECK_THAT(outcome.output, Contains("got it"));
  CHECK(outcome.code == 5);
}

TEST_CASE("a stopped program continues") {
  const Outcome outcome = run({}, {"exec", "/bin/sh", "-c", "kill -STOP $$; echo went on"});
  CHECK(outcome.output == "went on\n");
}

namespace {

/// Makes a leash as `podman run --preserve-fds=1` passes it on. Returns the other end.
int make_leash() {
  std::array<int, 2> ends{};
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
  const int own = fcntl(ends[0], F_DUPFD_CLOEXEC, 10);
  close(ends[0]);
  if (ends[1] == 3) {
    REQUIRE(fcntl(3, F_SETFD, 0) == 0);
  } else {
    REQUIRE(dup2(ends[1], 3) == 3);
    close(ends[1]);
  }
  return own;
}

const std::string k_leashed = "AGENTBOX_LEASH=1";

} // namespace

TEST_CASE("on a leash the program runs, and gets neither the descriptor nor the variable") {
  Surroundings surroundings;
  surroundings.env.push_back(k_leashed);
  const int own = make_leash();
  const Outcome outcome = run(surroundings, {"exec", "/bin/sh", "-c", "ls /proc/self/fd; env | grep -c LEASH"});
  close(own);
  close(3);
  CHECK(outcome.output == "0\n1\n2\n3\n0\n"); // 3 is the listing's own
}

TEST_CASE("when the launcher is gone, nothing is started") {
  Surroundings surroundings;
  surroundings.env.push_back(k_leashed);
  const int own = make_leash();
  close(own);
  const Outcome outcome = run(surroundings, {"exec", "/bin/echo", "it ran"});
  close(3);
  CHECK(outcome.code == 126);
  CHECK(outcome.output.empty());
}

TEST_CASE("if the launcher dies during the wait for the firewall, nothing is started") {
  Surroundings surroundings;
  surroundings.env.push_back(k_leashed);
  surroundings.resolver_delay_ms = 1000;
  const int own = make_leash();
  surroundings.launchers_end = own;
  std::thread launcher([own] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    close(own);
  });
  const Outcome outcome = run(surroundings, {"exec", "/bin/echo", "it ran"});
  launcher.join();
  close(3);
  CHECK(outcome.code == 126);
  CHECK(outcome.output.empty());
}

TEST_CASE("when the launcher dies, everything ends immediately, whatever the program ignores") {
  Surroundings surroundings;
  surroundings.env.push_back(k_leashed);
  surroundings.first_process = true;
  const int own = make_leash();
  surroundings.launchers_end = own;
  const agentbox::tests::TempDirectory directory;
  const std::filesystem::path up = directory / "up";
  std::thread launcher([&] {
    while (!std::filesystem::exists(up)) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    close(own);
  });
  const Outcome outcome =
      run(surroundings,
          {"exec", "/bin/sh", "-c", "trap '' HUP TERM INT; setsid sleep 100 & : >" + up.string() + "; sleep 100"});
  launcher.join();
  close(3);
  CHECK(outcome.seconds < 60);
  CHECK(outcome.code == 125);
}

TEST_CASE("without a launcher, everything ends with the firewall, even a program that ignores signals") {
  Surroundings surroundings;
  surroundings.first_process = true;
  surroundings.resolver_answers = 1; // the gate's question
  const std::vector<std::string> forever = {"exec", "/bin/sh", "-c",
                                            "trap '' HUP TERM INT; setsid sleep 100 & sleep 100"};
  const Outcome outcome = run(surroundings, forever);
  CHECK(outcome.code == 125);
  CHECK(outcome.seconds < 60);
  CHECK_THAT(outcome.output, Contains("the firewall has ended"));
  surroundings.resolver_answers = 4; // it answers while the program runs
  const Outcome later = run(surroundings, forever);
  CHECK(later.code == 125);
  CHECK(later.seconds > outcome.seconds + 2);
}

TEST_CASE("a box does not end while its firewall answers, or if a launcher watches the firewall") {
  const std::vector<std::string> seven_seconds = {"exec", "/bin/sh", "-c", "sleep 7; echo to the end"};
  CHECK(run({}, seven_seconds).output == "to the end\n");
  Surroundings surroundings;
  surroundings.env.push_back(k_leashed);
  surroundings.resolver_answers = 1;
  const int own = make_leash();
  surroundings.launchers_end = own;
  CHECK(run(surroundings, seven_seconds).output == "to the end\n");
  close(own);
  close(3);
}

TEST_CASE("a leash that is announced but missing is a refusal") {
  Surroundings surroundings;
  surroundings.env.push_back(k_leashed);
  close(3);
  CHECK_THAT(run(surroundings, {"exec", "/bin/echo", "it ran"}).output,
             Contains("connection to the launcher") && !Contains("it ran"));
  REQUIRE(open("/dev/null", O_RDONLY) == 3); // not a socket
  CHECK(run(surroundings, {"exec", "/bin/true"}).code == 126);
  close(3);
}
