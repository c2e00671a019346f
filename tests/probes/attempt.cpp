// SPDX-License-Identifier: Apache-2.0
// Tries one system call after another, each in a separate child, and prints `NAME RESULT`, where RESULT is "ok", an
// errno's name, or "signal N". The kernel's answers prove more than a status file.
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <linux/if_alg.h>
#include <linux/keyctl.h>
#include <linux/vm_sockets.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

struct Attempt {
  const char* name;
  long (*call)(); ///< -1 and errno, as system calls do
};

long open_socket(int domain, int type, int protocol) {
  return ::socket(domain, type, protocol);
}

long trace_the_parent() {
  return ::ptrace(PTRACE_SEIZE, ::getppid(), nullptr, nullptr);
}

long read_the_parent() {
  std::array<char, 8> buffer{};
  const iovec local{buffer.data(), buffer.size()};
  const iovec remote{buffer.data(), buffer.size()}; // the parent has the same address mapped: we are its fork
  return ::process_vm_readv(::getppid(), &local, 1, &remote, 1, 0);
}

constexpr std::array k_attempts = {
    Attempt{"unshare-user", [] { return long{::unshare(CLONE_NEWUSER)}; }},
    Attempt{"unshare-net", [] { return long{::unshare(CLONE_NEWNET)}; }},
    Attempt{"clone3", [] { return ::syscall(SYS_clone3, nullptr, 0) == -1 && errno == EINVAL ? 0L : -1L; }},
    Attempt{"mount", [] { return long{::mount("none", "/tmp", "tmpfs", 0, nullptr)}; }},
    Attempt{"chroot", [] { return long{::chroot("/tmp")}; }},
    Attempt{"ptrace-parent", trace_the_parent},
    Attempt{"read-parent-memory", read_the_parent},
    Attempt{"keyctl", [] { return ::syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0); }},
    Attempt{"add-key", [] { return ::syscall(SYS_add_key, "user", "x", "y", 1, KEY_SPEC_PROCESS_KEYRING); }},
    Attempt{"bpf",
            [] { return ::syscall(SYS_bpf, 0, nullptr, 0) == -1 && errno != EPERM && errno != ENOSYS ? 0L : -1L; }},
    Attempt{"io-uring", [] { return ::syscall(SYS_io_uring_setup, 0, nullptr) == -1 && errno == EFAULT ? 0L : -1L; }},
    Attempt{"userfaultfd", [] { return ::syscall(SYS_userfaultfd, 1); }},
    Attempt{"perf-event",
            [] { return ::syscall(SYS_perf_event_open, nullptr, 0, -1, -1, 0) == -1 && errno == EFAULT ? 0L : -1L; }},
    Attempt{"open-by-handle",
            [] { return ::syscall(SYS_open_by_handle_at, -1, nullptr, 0) == -1 && errno == EFAULT ? 0L : -1L; }},
    Attempt{"kernel-log", [] { return ::syscall(SYS_syslog, 10, nullptr, 0); }},
    Attempt{"socket-packet", [] { return open_socket(AF_PACKET, SOCK_RAW, 0); }},
    Attempt{"socket-raw", [] { return open_socket(AF_INET, SOCK_RAW, 255); }},
    Attempt{"socket-vsock", [] { return open_socket(AF_VSOCK, SOCK_STREAM, 0); }},
    Attempt{"socket-alg", [] { return open_socket(AF_ALG, SOCK_SEQPACKET, 0); }},
    Attempt{"socket-netlink-netfilter", [] { return open_socket(AF_NETLINK, SOCK_RAW, 12); }},
    Attempt{"socket-sctp", [] { return open_socket(AF_INET, SOCK_STREAM, 132); }},
    // What programs need: these must work.
    Attempt{"socket-tcp", [] { return open_socket(AF_INET, SOCK_STREAM, 0); }},
    Attempt{"socket-tcp6", [] { return open_socket(AF_INET6, SOCK_STREAM, 0); }},
    Attempt{"socket-udp", [] { return open_socket(AF_INET, SOCK_DGRAM, 0); }},
    Attempt{"socket-unix", [] { return open_socket(AF_UNIX, SOCK_STREAM, 0); }},
    Attempt{"socket-netlink-route", [] { return open_socket(AF_NETLINK, SOCK_RAW, 0); }},
    Attempt{"epoll", [] { return long{::epoll_create1(0)}; }},
    Attempt{"inotify", [] { return long{::inotify_init1(0)}; }},
    Attempt{"memfd", [] { return long{::memfd_create("x", 0)}; }},
    Attempt{"fork", [] { return long{::fork()}; }},
};

void report(const Attempt& attempt) {
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child == 0) {
    errno = 0;
    ::_exit(attempt.call() == -1 ? (errno == 0 ? 255 : errno) : 0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) {
    std::printf("%s signal %d\n", attempt.name, WTERMSIG(status));
  } else {
    const int error = WEXITSTATUS(status);
    std::printf("%s %s\n", attempt.name, error == 0 ? "ok" : ::strerrorname_np(error));
  }
}

} // namespace

int main() {
  for (const Attempt& attempt : k_attempts) {
    report(attempt);
  }
  return 0;
}
