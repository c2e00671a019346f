// SPDX-License-Identifier: Apache-2.0
// Asks the seccomp filter about every system call without making any: a second filter hands each call that bears a
// cookie to a thread of ours, which answers with a distinct errno. The box's filter has precedence where it refuses,
// so the result is its answer, and EXFULL means "it would be made".
//   probe_syscalls        `NUMBER ANSWER` for each number, and `NUMBER(ARGUMENTS) ANSWER` where the arguments decide
#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

constexpr std::uint32_t k_cookie = 0xA6E27B0C; // in the lower half of the sixth argument
constexpr long k_numbers = 600;                // above every number in use
constexpr int k_made = EXFULL;
// x86-64's calls for the kernel's own trampolines (Linux 6.11, 6.18): the kernel runs no filter for them, and sends
// SIGILL to a process that makes them elsewhere. On other machines these numbers are not in use.
constexpr long k_uretprobe = 335;
constexpr long k_uprobe = 336;

/// Answers each notification; the call itself is never executed.
[[noreturn]] void answer_forever(int listener) {
  while (true) {
    seccomp_notif request{};
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request) != 0) {
      continue;
    }
    seccomp_notif_resp response{};
    response.id = request.id;
    response.error = -k_made;
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
  }
}

int listen_for_cookies() {
  std::array<sock_filter, 4> code{{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[5])),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, k_cookie, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog program{code.size(), code.data()};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  return static_cast<int>(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program));
}

struct Call {
  long number;
  std::array<std::uint64_t, 3> arguments{};
  std::string text;
};

std::vector<Call> all_calls() {
  std::vector<Call> calls;
  for (long number = 0; number < k_numbers; ++number) {
    if (number != k_uretprobe && number != k_uprobe) {
      calls.push_back({number, {}, std::to_string(number)});
    }
  }
  const auto add = [&](long number, const std::array<std::uint64_t, 3>& arguments) {
    std::array<char, 80> text{};
    std::snprintf(text.data(), text.size(), "%ld(%#lx,%#lx,%#lx)", number, arguments[0], arguments[1], arguments[2]);
    calls.push_back({number, arguments, text.data()});
  };
  for (const std::uint64_t flag :
       {0x80UL, 0x400UL, 0x20000UL, 0x2000000UL, 0x4000000UL, 0x8000000UL, 0x10000000UL, 0x20000000UL, 0x40000000UL}) {
    add(SYS_clone, {flag | 17});
    add(SYS_unshare, {flag});
  }
  add(SYS_clone, {0x3D0F00}); // a thread
  for (std::uint64_t family = 0; family < 48; ++family) {
    add(SYS_socket, {family, 1, 0});
    add(SYS_socketpair, {family, 1, 0});
  }
  for (std::uint64_t protocol = 1; protocol < 24; ++protocol) {
    add(SYS_socket, {16, 3, protocol});
  }
  add(SYS_socket, {0x100000001, 1, 0});
  for (const std::uint64_t persona : {0UL, 8UL, 0x20000UL, 0x20008UL, 0x40000UL, 0xFFFFFFFFUL, 0x400000UL}) {
    add(SYS_personality, {persona});
  }
  return calls;
}

} // namespace

int main() {
  // The answering thread must be there first: later ones inherit the filter.
  std::atomic<int> listener{-1};
  std::thread([&listener] {
    listener.wait(-1);
    answer_forever(listener);
  }).detach();
  const std::vector<Call> calls = all_calls();
  listener = listen_for_cookies();
  if (listener < 0) {
    std::perror("seccomp");
    return 1;
  }
  listener.notify_one();
  std::vector<std::string> lines;
  for (const Call& call : calls) {
    errno = 0;
    const long result = syscall(call.number, call.arguments[0], call.arguments[1], call.arguments[2], 0, 0, k_cookie);
    lines.push_back(call.text + " " + (result != -1 ? "MADE" : errno == k_made ? "allowed" : strerrorname_np(errno)));
  }
  for (const std::string& line : lines) {
    std::puts(line.c_str());
  }
  std::fflush(stdout);
  _exit(0);
}
