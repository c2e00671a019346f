// SPDX-License-Identifier: Apache-2.0
// The table itself, and how an attempt is made and judged. The system tests run them in a box.
#include <cerrno>
#include <csignal>
#include <set>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attacks/attack.hpp"
#include "attacks/process_limit.hpp"
#include "attacks/runner.hpp"
#include "catch.hpp"

namespace agentbox::attacks {
namespace {

Verdict verdict_of(AttackResult (*attempted)(const Expected&)) {
  return attempt({"x", "x", "x", attempted}, {}, 300).verdict;
}

TEST_CASE("every attack has a unique name, and texts that fit on a line") {
  std::set<std::string> names;
  std::size_t at_start = 0;
  for (const AttackFamily& family : all_attacks()) {
    for (const Attack& attack : family.attacks) {
      CHECK(names.insert(attack.name).second);
      for (const std::string text : {attack.name, family.name, attack.tried, attack.defence}) {
        CHECK_FALSE(text.empty());
        CHECK(text.find_first_of("\t\n") == std::string::npos);
      }
      at_start += attack.core ? 1 : 0;
    }
  }
  CHECK(names.size() >= 150);
  CHECK(at_start == 32);
}

TEST_CASE("an attempt is judged by how it was refused") {
  CHECK(verdict_of([](const Expected&) {
          errno = EPERM;
          return refused_with(-1, {EPERM});
        }) == Verdict::stopped);
  CHECK(verdict_of([](const Expected&) {
          errno = ENOMEM;
          return refused_with(-1, {EPERM});
        }) == Verdict::inconclusive);
  CHECK(verdict_of([](const Expected&) { return refused_with(0, {EPERM}); }) == Verdict::allowed);
  CHECK(verdict_of([](const Expected&) { return must_work(0); }) == Verdict::works);
  CHECK(verdict_of([](const Expected&) { return must_work(-1); }) == Verdict::broken);
}

TEST_CASE("an attempt that does not report proves nothing, unless the filter killed it") {
  CHECK(verdict_of([](const Expected&) -> AttackResult { _exit(0); }) == Verdict::inconclusive);
  CHECK(verdict_of([](const Expected&) -> AttackResult {
          raise(SIGKILL);
          return {};
        }) == Verdict::inconclusive);
  CHECK(verdict_of([](const Expected&) -> AttackResult {
          raise(SIGSYS);
          return {};
        }) == Verdict::stopped);
  CHECK(verdict_of([](const Expected&) -> AttackResult {
          pause();
          return {};
        }) == Verdict::inconclusive);
}

/// Returns process_limit() as uid `user` with RLIMIT_NPROC `hard`, in a separate process.
ProcessLimit limit_of(uid_t user, rlim_t hard, std::uint64_t wanted) {
  const pid_t child = fork();
  if (child == 0) {
    const rlimit limit{hard, hard};
    const bool set = setrlimit(RLIMIT_NPROC, &limit) == 0 && (user == getuid() || setuid(user) == 0);
    _exit(set ? static_cast<int>(process_limit(wanted)) : 99);
  }
  int status = 0;
  waitpid(child, &status, 0);
  REQUIRE(WIFEXITED(status));
  REQUIRE(WEXITSTATUS(status) != 99);
  return static_cast<ProcessLimit>(WEXITSTATUS(status));
}

TEST_CASE("a process limit is believed when the kernel enforces it") {
  constexpr uid_t k_nobody = 65534;
  const uid_t user = getuid() == 0 ? k_nobody : getuid();
  CHECK(limit_of(user, 100, 100) != ProcessLimit::none);
  CHECK(limit_of(user, 100, 50) == ProcessLimit::none);
  if (getuid() == 0) { // RLIMIT_NPROC does not bind root
    CHECK(limit_of(0, 100, 100) == ProcessLimit::none);
  }
}

} // namespace
} // namespace agentbox::attacks
