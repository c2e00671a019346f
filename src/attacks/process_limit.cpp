// SPDX-License-Identifier: Apache-2.0
#include "attacks/process_limit.hpp"

#include <cerrno>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attacks/attack_io.hpp"

namespace agentbox::attacks {
namespace {

/// Returns whether pids.max of this process's cgroup (the root of the box's cgroup namespace), or of cgroup v1's pids
/// hierarchy, is at most `most`.
bool cgroup_holds(std::uint64_t most) {
  for (const char* path : {"/sys/fs/cgroup/pids.max", "/sys/fs/cgroup/pids/pids.max"}) {
    const std::uint64_t limit = number_of(FileText(path).text()); // "max" is 0
    if (limit != 0 && limit <= most) {
      return true;
    }
  }
  return false;
}

/// Returns whether fork(2) fails with a soft limit of one process.
bool rlimit_is_enforced(const rlimit& before) {
  rlimit one = before;
  one.rlim_cur = 1;
  if (setrlimit(RLIMIT_NPROC, &one) != 0) {
    return false;
  }
  const pid_t child = fork();
  const bool refused = child < 0 && errno == EAGAIN;
  if (child == 0) {
    _exit(0);
  }
  setrlimit(RLIMIT_NPROC, &before);
  if (child > 0) {
    waitpid(child, nullptr, 0);
  }
  return refused;
}

} // namespace

ProcessLimit process_limit(std::uint64_t most) {
  if (cgroup_holds(most)) {
    return ProcessLimit::cgroup;
  }
  rlimit limit{};
  const bool low = getrlimit(RLIMIT_NPROC, &limit) == 0 && limit.rlim_max <= most;
  return low && rlimit_is_enforced(limit) ? ProcessLimit::rlimit : ProcessLimit::none;
}

} // namespace agentbox::attacks
