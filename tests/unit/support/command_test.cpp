// SPDX-License-Identifier: Apache-2.0
#include "support/command.hpp"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

#include "catch.hpp"
#include "support/error.hpp"
#include "support/fd.hpp"

namespace support = agentbox::support;
using support::Command;

namespace {

Command shell(const std::string& script) {
  Command command;
  command.argv = {"/bin/sh", "-c", script};
  return command;
}

} // namespace

TEST_CASE("capture keeps both outputs and the exit code") {
  const auto result = support::capture(shell("echo out; echo err >&2; exit 7"));
  CHECK(result.out == "out\n");
  CHECK(result.err == "err\n");
  CHECK(result.status.code == 7);
  CHECK(result.status.signal == 0);
  CHECK_FALSE(result.status.ok());
}

TEST_CASE("capture feeds more than a pipe holds while it reads as much") {
  const std::string input(3U << 20U, 'x');
  Command cat;
  cat.argv = {"/bin/cat"};
  const auto result = support::capture(cat, input);
  CHECK(result.status.ok());
  CHECK(result.out.size() == input.size());
  CHECK(result.out == input);
}

TEST_CASE("capture survives a reader that closes early") {
  const auto result = support::capture(shell("exec 0<&-; echo done"), std::string(1U << 20U, 'x'));
  CHECK(result.out == "done\n");
  CHECK(result.status.ok());
}

TEST_CASE("capture drops output past the bound and continues") {
  support::CaptureLimits limits;
  limits.max_output = 1000;
  const auto result = support::capture(shell("yes | head -c 100000; exit 3"), {}, limits);
  CHECK(result.out.size() == 1000);
  CHECK(result.status.code == 3);
}

TEST_CASE("capture kills a command that does not end in time") {
  support::CaptureLimits limits;
  limits.timeout = std::chrono::milliseconds(200);
  const auto start = std::chrono::steady_clock::now();
  CHECK_THROWS_AS(support::capture(shell("exec sleep 100"), {}, limits), support::Error);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(60));
}

TEST_CASE("a death by signal is 128 plus its number") {
  const auto result = support::capture(shell("kill -TERM $$"));
  CHECK(result.status.code == 128 + SIGTERM);
  CHECK(result.status.signal == SIGTERM);
}

TEST_CASE("the environment starts empty") {
  setenv("AGENTBOX_TEST_LEAK", "leaked", 1);
  Command env;
  env.argv = {"/usr/bin/env"};
  CHECK(support::capture(env).out.empty());
  env.env = {{"WANTED", "a=b c"}};
  CHECK(support::capture(env).out == "WANTED=a=b c\n");
  unsetenv("AGENTBOX_TEST_LEAK");
}

TEST_CASE("descriptors are closed unless they are named") {
  // Without CLOEXEC on purpose: spawn() must close it.
  const support::Fd leaked(open("/dev/null", O_RDONLY)); // NOLINT(*-vararg)
  REQUIRE(leaked);
  const std::string number = std::to_string(leaked.get());
  const std::string look = "test -e /proc/self/fd/";
  CHECK_FALSE(support::capture(shell(look + number)).status.ok());
  Command named = shell(look + "9");
  named.fds[9] = leaked.get();
  CHECK(support::capture(named).status.ok());
}

TEST_CASE("signals that we ignore or block are reset in the child") {
  void (*const old)(int) = std::signal(SIGUSR1, SIG_IGN);
  const auto result = support::capture(shell("kill -USR1 $$; echo survived"));
  std::signal(SIGUSR1, old);
  CHECK(result.status.signal == SIGUSR1);
  CHECK(result.out.empty());
}

TEST_CASE("a command must be an absolute path that exists") {
  Command relative;
  relative.argv = {"sh"};
  CHECK_THROWS_AS(support::spawn(relative), support::Error);
  CHECK_THROWS_AS(support::spawn(Command{}), support::Error);
  Command missing;
  missing.argv = {"/nonexistent/program"};
  CHECK_THROWS_AS(support::spawn(missing), support::Error);
}

TEST_CASE("programs are looked for in fixed directories, not on PATH") {
  const char* path = std::getenv("PATH");
  const std::string old = path == nullptr ? "" : path;
  setenv("PATH", "/nonexistent", 1);
  CHECK(support::find_program("sh").value_or("").ends_with("/sh"));
  CHECK_FALSE(support::find_program("no-such-program-here"));
  setenv("PATH", old.c_str(), 1);
}

TEST_CASE("shell_quote is read back by a shell as the same words") {
  const std::vector<std::string> words = {"/usr/bin/printf", "%s\\n",     "plain",      "", "two words", "it's",
                                          "$HOME `id` \\",   "new\nline", "--opt=a,b:c"};
  const auto result = support::capture(shell(support::shell_quote(words)));
  CHECK(result.out == "plain\n\ntwo words\nit's\n$HOME `id` \\\nnew\nline\n--opt=a,b:c\n");
  CHECK(support::shell_quote({"podman", "run", "--rm"}) == "podman run --rm");
}
