// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "attacks/attack.hpp"
#include "attacks/attack_io.hpp"

namespace agentbox::attacks {
namespace {

AttackResult ids_are_ordinary(const Expected&) {
  std::array<uid_t, 3> users{};
  std::array<gid_t, 3> groups{};
  const bool known =
      getresuid(&users[0], &users[1], &users[2]) == 0 && getresgid(&groups[0], &groups[1], &groups[2]) == 0;
  const bool root = std::count(users.begin(), users.end(), 0U) + std::count(groups.begin(), groups.end(), 0U) > 0;
  return !known || root ? attack_result(Verdict::allowed, "uid or gid 0")
                        : attack_result(Verdict::stopped, "no id is 0");
}

AttackResult capability_sets_are_empty(const Expected&) {
  const FileText status("/proc/self/status");
  for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"}) {
    const std::string_view value = status_field(status.text(), set);
    if (value.empty()) {
      return attack_result(Verdict::inconclusive, "no such line in /proc/self/status");
    }
    if (value.find_first_not_of('0') != std::string_view::npos) {
      return attack_result(Verdict::allowed, set);
    }
  }
  return attack_result(Verdict::stopped, "all five sets empty");
}

AttackResult cannot_gain_by_exec(const Expected&) {
  return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? attack_result(Verdict::stopped, "NoNewPrivs 1")
                                                     : attack_result(Verdict::allowed, "NoNewPrivs 0");
}

AttackResult clear_no_new_privs(const Expected&) {
  return refused_with(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0), {EINVAL});
}

long set_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data{};
  data[0].effective = data[0].permitted = 1U << CAP_NET_ADMIN;
  return syscall(SYS_capset, &header, data.data());
}

/// Tries `change` on a new file of ours.
template <typename Change>
AttackResult change_new_file(Change change) {
  const char* const path = "/tmp/agentbox-attack";
  const int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0700);
  if (fd < 0) {
    return attack_result(Verdict::inconclusive, errno_name(errno));
  }
  const AttackResult result = refused_with(change(fd), {EPERM});
  close(fd);
  unlink(path);
  return result;
}

AttackResult give_a_file_capabilities(const Expected&) {
  vfs_cap_data data{};
  data.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE;
  data.data[0].permitted = 1U << CAP_NET_ADMIN;
  return change_new_file([&](int fd) { return fsetxattr(fd, "security.capability", &data, XATTR_CAPS_SZ_2, 0); });
}

/// Checks that setuid programs do not give root: all mounts must be nosuid. Reads mountinfo, without running one.
AttackResult mounts_ignore_setuid(const Expected&) {
  const FileText mounts("/proc/self/mountinfo");
  std::string_view rest = mounts.text();
  if (rest.empty()) {
    return attack_result(Verdict::inconclusive, "no mountinfo");
  }
  while (!rest.empty()) {
    std::string_view line = next_line(rest);
    for (int skipped = 0; skipped < 4; ++skipped) {
      next_word(line);
    }
    const std::string_view place = next_word(line);
    const std::string_view options = next_word(line);
    const bool writable = options.starts_with("rw");
    if (writable && place != "/" && !place.starts_with("/dev") && options.find("nosuid") == std::string_view::npos) {
      return attack_result(Verdict::allowed, place);
    }
  }
  return attack_result(Verdict::stopped, "all mounts are nosuid");
}

AttackResult clock_cannot_be_set(const Expected&) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return refused_with(clock_settime(CLOCK_REALTIME, &now), {EPERM});
}

// Only root may change a file's owner; otherwise a setuid program could be created.
AttackResult give_a_file_away(const Expected&) {
  return change_new_file([](int fd) { return fchown(fd, 0, 0); });
}

constexpr std::array k_attacks = {
    Attack{"uid-0", "run as uid or gid 0", "user namespace", ids_are_ordinary, k_core},
    Attack{"capabilities", "hold a capability", "capability sets", capability_sets_are_empty, k_core},
    Attack{"no-new-privs", "gain privileges by running a program", "no_new_privs", cannot_gain_by_exec, k_core},
    Attack{"clear-no-new-privs", "turn no_new_privs off", "no_new_privs", clear_no_new_privs},
    Attack{"setuid-0", "become uid 0 (setuid)", "capability sets",
           [](const Expected&) { return refused_with(setuid(0), {EPERM}); }, k_core},
    Attack{"setgid-0", "become gid 0 (setgid)", "capability sets",
           [](const Expected&) { return refused_with(setgid(0), {EPERM}); }},
    Attack{"setgroups", "join another group (setgroups)", "capability sets",
           [](const Expected&) {
             const gid_t group = 0;
             return refused_with(syscall(SYS_setgroups, 1, &group), {EPERM});
           }},
    Attack{"capset", "give itself CAP_NET_ADMIN (capset)", "capability sets",
           [](const Expected&) { return refused_with(set_capabilities(), {EPERM}); }},
    Attack{"ambient-capability", "raise an ambient capability", "capability sets",
           [](const Expected&) {
             return refused_with(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_ADMIN, 0, 0), {EPERM});
           },
           k_core},
    Attack{"file-capability", "give a file a capability", "capability sets", give_a_file_capabilities},
    Attack{"chown-to-root", "give a file to root", "capability sets", give_a_file_away},
    Attack{"setuid-mount", "find a mount that honours setuid", "mount options", mounts_ignore_setuid},
    Attack{"set-clock", "set the machine's clock", "seccomp", clock_cannot_be_set},
    Attack{"real-time-priority", "monopolize the CPU (SCHED_FIFO)", "capability sets",
           [](const Expected&) {
             const sched_param wanted{99};
             return refused_with(sched_setscheduler(0, SCHED_FIFO, &wanted), {EPERM});
           }},
    Attack{"raise-hard-limit", "raise a hard limit (RLIMIT_NPROC)", "capability sets",
           [](const Expected&) {
             rlimit limit{};
             getrlimit(RLIMIT_NPROC, &limit);
             limit.rlim_cur = limit.rlim_max = limit.rlim_max == RLIM_INFINITY ? RLIM_INFINITY : limit.rlim_max + 1;
             return refused_with(setrlimit(RLIMIT_NPROC, &limit), {EPERM});
           }},
};

} // namespace

AttackFamily privilege_attacks() {
  return {"privileges", k_attacks};
}

} // namespace agentbox::attacks
