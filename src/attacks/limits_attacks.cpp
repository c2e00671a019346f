// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cerrno>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "attacks/attack.hpp"
#include "attacks/attack_io.hpp"
#include "attacks/process_limit.hpp"

namespace agentbox::attacks {
namespace {

AttackResult processes(const Expected& expected) {
  switch (process_limit(expected.pids)) {
  case ProcessLimit::cgroup: return attack_result(Verdict::stopped, "pids cgroup");
  case ProcessLimit::rlimit: return attack_result(Verdict::stopped, "RLIMIT_NPROC");
  case ProcessLimit::none: break;
  }
  return attack_result(Verdict::allowed, "no limit is enforced");
}

AttackResult memory(const Expected& expected) {
  if (expected.memory == 0) {
    return attack_result(Verdict::skipped, "no --memory");
  }
  const FileText file("/sys/fs/cgroup/memory.max");
  const std::uint64_t limit = number_of(file.text());
  return limit != 0 && limit <= expected.memory ? attack_result(Verdict::stopped, "memory cgroup")
                                                : attack_result(Verdict::allowed, "no limit is enforced");
}

AttackResult file_system_size(const char* path, std::uint64_t bytes) {
  struct statfs info {};
  if (statfs(path, &info) != 0) {
    return attack_result(Verdict::inconclusive, errno_name(errno));
  }
  const std::uint64_t size = info.f_blocks * static_cast<std::uint64_t>(info.f_bsize);
  return size != 0 && size <= bytes ? attack_result(Verdict::stopped, "bounded")
                                    : attack_result(Verdict::allowed, "larger");
}

AttackResult core_files(const Expected&) {
  rlimit limit{};
  return getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_max == 0 ? attack_result(Verdict::stopped, "RLIMIT_CORE 0")
                                                                    : attack_result(Verdict::allowed, "core files");
}

AttackResult open_files(const Expected&) {
  constexpr rlim_t k_max = 1U << 20U;
  rlimit limit{};
  return getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max <= k_max
             ? attack_result(Verdict::stopped, "RLIMIT_NOFILE")
             : attack_result(Verdict::allowed, "no limit");
}

constexpr std::array k_attacks = {
    Attack{"fork-bomb", "start processes without limit", "pids limit", processes},
    Attack{"memory", "use up the host's memory", "memory cgroup", memory},
    Attack{"tmp-flood", "fill the memory through /tmp", "mount size",
           [](const Expected& expected) { return file_system_size("/tmp", expected.tmp); }},
    Attack{"shm-flood", "fill the memory through /dev/shm", "mount size",
           [](const Expected& expected) { return file_system_size("/dev/shm", expected.shm); }},
    Attack{"run-flood", "fill the memory through /run", "mount size",
           [](const Expected&) { return file_system_size("/run", 64U << 20U); }},
    Attack{"descriptor-flood", "open files without limit", "rlimit", open_files},
    Attack{"core-files", "leave core files in the project", "rlimit", core_files},
};

} // namespace

AttackFamily limit_attacks() {
  return {"limits", k_attacks};
}

} // namespace agentbox::attacks
