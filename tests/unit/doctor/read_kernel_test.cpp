// SPDX-License-Identifier: Apache-2.0
// The running kernel, made older by a seccomp filter.
#include <array>
#include <cerrno>
#include <cstddef>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "catch.hpp"
#include "doctor/read_host.hpp"

using namespace agentbox::doctor;

namespace {

/// Makes system call `number` fail with ENOSYS in this process. Returns whether that worked.
bool take_away(unsigned number) {
  std::array<sock_filter, 4> filter = {
      sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{filter.size(), filter.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/// Returns whether `name` is the only call reported as lacking when system call `number` fails.
bool notices(unsigned number, const std::string& name) {
  const pid_t child = fork();
  if (child == 0) {
    HostReport report;
    const bool taken = take_away(number);
    read_kernel(report);
    _exit(taken && report.lacking_calls.size() == 1 && report.lacking_calls.front().name == name ? 0 : 1);
  }
  int status = -1;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

} // namespace

TEST_CASE("system calls that the kernel lacks are noticed") {
  HostReport report;
  read_kernel(report);
  CHECK(report.lacking_calls.empty()); // every kernel that can run these tests in CI has them
  CHECK(notices(SYS_pidfd_open, "pidfd_open"));
  CHECK(notices(SYS_openat2, "openat2"));
  CHECK(notices(SYS_statx, "statx with STATX_MNT_ID"));
  CHECK(notices(SYS_close_range, "close_range"));
}
