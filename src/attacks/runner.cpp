// SPDX-License-Identifier: Apache-2.0
#include "attacks/runner.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace agentbox::attacks {
namespace {

[[noreturn]] void run_child(const Attack& attack, const Expected& expected, int out) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  std::signal(SIGPIPE, SIG_IGN);
  errno = 0;
  const AttackResult result = attack.attempt(expected);
  const ssize_t written = write(out, &result, sizeof result);
  _exit(written == static_cast<ssize_t>(sizeof result) ? 0 : 1);
}

AttackResult of_silent(int status) {
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) {
    return attack_result(Verdict::stopped, "killed by SIGSYS");
  }
  if (WIFSIGNALED(status)) {
    return attack_result(Verdict::inconclusive, "killed by a signal");
  }
  return attack_result(Verdict::inconclusive, "it did not report");
}

} // namespace

AttackResult attempt(const Attack& attack, const Expected& expected, int timeout_ms) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) {
    return attack_result(Verdict::inconclusive, "no pipe");
  }
  const pid_t child = fork();
  if (child < 0) {
    close(ends[0]);
    close(ends[1]);
    return attack_result(Verdict::inconclusive, "cannot start a process");
  }
  if (child == 0) {
    close(ends[0]);
    run_child(attack, expected, ends[1]);
  }
  close(ends[1]);
  AttackResult result;
  pollfd watched{ends[0], POLLIN, 0};
  const bool spoke = poll(&watched, 1, timeout_ms) > 0;
  const bool reported = spoke && read(ends[0], &result, sizeof result) == static_cast<ssize_t>(sizeof result);
  close(ends[0]);
  kill(-child, SIGKILL); // with everything it started
  kill(child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (reported) {
    result.text.back() = '\0';
    return result;
  }
  return spoke ? of_silent(status) : attack_result(Verdict::inconclusive, "timed out");
}

AttackResult attack_result(Verdict verdict, std::string_view text) {
  AttackResult result{verdict, {}};
  std::copy_n(text.begin(), std::min(text.size(), result.text.size() - 1), result.text.begin());
  return result;
}

AttackResult refused_with(long result, std::initializer_list<int> refusals) {
  const int error = errno;
  if (result != -1) {
    return attack_result(Verdict::allowed, "it worked");
  }
  const bool ours = std::find(refusals.begin(), refusals.end(), error) != refusals.end();
  return attack_result(ours ? Verdict::stopped : Verdict::inconclusive, errno_name(error));
}

AttackResult must_work(long result) {
  return result == -1 ? attack_result(Verdict::broken, errno_name(errno)) : attack_result(Verdict::works, "ok");
}

std::string_view errno_name(int number) {
  const char* const name = strerrorname_np(number);
  return name == nullptr ? "unknown errno" : name;
}

} // namespace agentbox::attacks
