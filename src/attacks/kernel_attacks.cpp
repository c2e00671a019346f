// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "attacks/attack.hpp"
#include "attacks/attack_io.hpp"

namespace agentbox::attacks {
namespace {

constexpr long k_bad_fd = -1;

/// Makes the call with invalid arguments: the filter answers before the kernel checks them, so the errno shows which of
/// the two refused.
template <long number, int refusal>
AttackResult without_arguments(const Expected&) {
  return refused_with(syscall(number, k_bad_fd, nullptr, nullptr, nullptr, 0, 0), {refusal});
}

template <unsigned long flags>
AttackResult unshare_with(const Expected&) {
  return refused_with(unshare(static_cast<int>(flags)), {EPERM});
}

/// Makes the raw call, because the C library's wrapper needs a stack. The child shares nothing and exits immediately.
template <unsigned long flags>
AttackResult clone_with(const Expected&) {
  const long pid = syscall(SYS_clone, flags | static_cast<unsigned long>(SIGCHLD), nullptr, nullptr, nullptr, 0);
  if (pid == 0) {
    _exit(0);
  }
  return refused_with(pid, {EPERM});
}

AttackResult filter_is_on(const Expected&) {
  return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 2 ? attack_result(Verdict::stopped, "mode 2")
                                                : attack_result(Verdict::allowed, "no filter");
}

AttackResult read_the_parent(const Expected&) {
  std::array<char, 8> buffer{};
  const iovec local{buffer.data(), buffer.size()};
  return refused_with(process_vm_readv(getppid(), &local, 1, &local, 1, 0), {EPERM});
}

#if defined(__x86_64__)
/// Calls getpid through the 32-bit system call entry: the filter only lists the native architecture and kills us.
AttackResult call_i386(const Expected&) {
  long result = 20; // __NR_getpid of i386
  asm volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11", "cc");
  if (result == -ENOSYS) {
    return attack_result(Verdict::stopped, "ENOSYS");
  }
  return attack_result(result > 0 ? Verdict::allowed : Verdict::inconclusive,
                       result > 0 ? "it worked" : "refused otherwise");
}

AttackResult call_x32(const Expected&) {
  constexpr long k_x32_bit = 0x40000000;
  return refused_with(syscall(k_x32_bit | SYS_getpid), {ENOSYS, EPERM});
}
#endif

// A lease on a file blocks other processes that open it. The kernel looks at 32 bits of the command, the filter at 64.
AttackResult lease_a_file(const Expected&) {
  const int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0) {
    return attack_result(Verdict::inconclusive, errno_name(errno));
  }
  constexpr long k_high = 0x100000000;
  if (syscall(SYS_fcntl, fd, k_high | F_SETLEASE, F_WRLCK) == 0) {
    return attack_result(Verdict::allowed, "with bits that the kernel ignores");
  }
  return refused_with(fcntl(fd, F_SETLEASE, F_WRLCK), {ENOSYS, EPERM}); // NOLINT(*-vararg)
}

constexpr unsigned long k_new_time = 0x80; // CLONE_NEWTIME, unshare only

constexpr const char* k_defence = "seccomp";
constexpr std::array k_attacks = {
    Attack{"file-lease", "stall the host's programs at a file (F_SETLEASE)", k_defence, lease_a_file},
    Attack{"control-file-lock", "lock a file, copy a descriptor, size a pipe", "allowed",
           [](const Expected&) {
             const int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
             std::array<int, 2> ends{};
             struct flock lock {};
             lock.l_type = F_WRLCK;
             const bool works = fcntl(fd, F_SETLK, &lock) == 0 && fcntl(fd, F_GETFD) >= 0 &&
                                fcntl(fd, F_DUPFD_CLOEXEC, 100) >= 100 && fcntl(fd, F_SETFL, O_APPEND) == 0 &&
                                pipe(ends.data()) == 0 && fcntl(ends[1], F_SETPIPE_SZ, 8192) >= 8192; // NOLINT
             return must_work(works ? 0 : -1);
           }},
    Attack{"seccomp-mode", "run without a seccomp filter", k_defence, filter_is_on, k_core},
    Attack{"unshare-user", "make a user namespace", k_defence, unshare_with<CLONE_NEWUSER>, k_core},
    Attack{"unshare-net", "make a network namespace", k_defence, unshare_with<CLONE_NEWNET>},
    Attack{"unshare-mount", "make a mount namespace", k_defence, unshare_with<CLONE_NEWNS>},
    Attack{"unshare-pid", "make a PID namespace", k_defence, unshare_with<CLONE_NEWPID>},
    Attack{"unshare-time", "make a time namespace", k_defence, unshare_with<k_new_time>},
    Attack{"clone-user", "make a user namespace by clone", k_defence, clone_with<CLONE_NEWUSER>, k_core},
    Attack{"clone-user-net", "make a user and a network namespace in one call", k_defence,
           clone_with<CLONE_NEWUSER | CLONE_NEWNET>},
    Attack{"clone3", "make a process by clone3, past the filter of flags", k_defence,
           without_arguments<SYS_clone3, ENOSYS>},
    Attack{"setns", "enter another namespace", k_defence, without_arguments<SYS_setns, EPERM>, k_core},
    Attack{"mount", "mount a file system", k_defence,
           [](const Expected&) { return refused_with(mount("none", "/tmp", "tmpfs", 0, nullptr), {EPERM}); }, k_core},
    Attack{"remount", "make a read-only mount writable", k_defence,
           [](const Expected&) {
             return refused_with(mount("none", "/proc/sys", nullptr, MS_REMOUNT | MS_BIND, nullptr), {EPERM});
           }},
    Attack{"unmount", "unmount a mask", k_defence,
           [](const Expected&) { return refused_with(umount2("/proc/kcore", MNT_DETACH), {EPERM}); }},
    Attack{"fsopen", "mount with fsopen(2)", k_defence, without_arguments<SYS_fsopen, EPERM>},
    Attack{"open-tree", "copy a mount (open_tree)", k_defence, without_arguments<SYS_open_tree, EPERM>},
    Attack{"move-mount", "move a mount", k_defence, without_arguments<SYS_move_mount, EPERM>},
    Attack{"mount-setattr", "change a mount's options", k_defence, without_arguments<SYS_mount_setattr, EPERM>},
    Attack{"pivot-root", "change the root (pivot_root)", k_defence, without_arguments<SYS_pivot_root, EPERM>},
    Attack{"chroot", "change the root (chroot)", k_defence,
           [](const Expected&) { return refused_with(chroot("/tmp"), {EPERM}); }},
    Attack{"ptrace", "trace another process", k_defence,
           [](const Expected&) { return refused_with(ptrace(PTRACE_SEIZE, getppid(), nullptr, nullptr), {EPERM}); },
           k_core},
    Attack{"read-memory", "read another process's memory", k_defence, read_the_parent},
    Attack{"pidfd-getfd", "take another process's descriptor", k_defence, without_arguments<SYS_pidfd_getfd, EPERM>},
    Attack{"keyctl", "read the kernel's keyrings", k_defence,
           [](const Expected&) {
             return refused_with(syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0), {EPERM});
           },
           k_core},
    Attack{"add-key", "add a key to a keyring", k_defence,
           [](const Expected&) {
             return refused_with(syscall(SYS_add_key, "user", "x", "y", 1, KEY_SPEC_PROCESS_KEYRING), {EPERM});
           }},
    Attack{"bpf", "load a BPF program", k_defence, without_arguments<SYS_bpf, EPERM>, k_core},
    Attack{"io-uring", "bypass seccomp with io_uring", k_defence, without_arguments<SYS_io_uring_setup, ENOSYS>,
           k_core},
    Attack{"userfaultfd", "handle page faults (userfaultfd)", k_defence, without_arguments<SYS_userfaultfd, EPERM>},
    Attack{"perf-event", "watch the kernel (perf_event_open)", k_defence,
           without_arguments<SYS_perf_event_open, EPERM>},
    Attack{"open-by-handle", "open files by number, past every mount", k_defence,
           without_arguments<SYS_open_by_handle_at, EPERM>},
    Attack{"kernel-log", "read the kernel's log", k_defence,
           [](const Expected&) { return refused_with(syscall(SYS_syslog, 10, nullptr, 0), {EPERM}); }},
    Attack{"load-module", "load a kernel module", k_defence, without_arguments<SYS_finit_module, EPERM>},
    Attack{"kexec", "start another kernel", k_defence, without_arguments<SYS_kexec_load, EPERM>},
    Attack{"reboot", "switch the machine off", k_defence,
           [](const Expected&) { return refused_with(syscall(SYS_reboot, 0, 0, 0, nullptr), {EPERM}); }},
    Attack{"personality", "switch address randomisation off", k_defence,
           [](const Expected&) {
             return refused_with(personality(ADDR_NO_RANDOMIZE), {EPERM, ENOSYS});
           }},
    Attack{"fanotify", "watch the host's files (fanotify)", k_defence, without_arguments<SYS_fanotify_init, EPERM>},
#if defined(__x86_64__)
    Attack{"call-i386", "call as a 32-bit program (int 0x80)", k_defence, call_i386},
    Attack{"call-x32", "call as an x32 program", k_defence, call_x32},
#endif
    Attack{"control-fork", "start a process", "allowed", [](const Expected&) { return must_work(fork()); }},
    Attack{"control-unshare-files", "unshare its own descriptors", "allowed",
           [](const Expected&) { return must_work(unshare(CLONE_FILES)); }},
};

} // namespace

AttackFamily kernel_attacks() {
  return {"kernel", k_attacks};
}

} // namespace agentbox::attacks
