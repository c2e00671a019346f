// SPDX-License-Identifier: Apache-2.0
#include "support/pidfd.hpp"

#include <array>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/signals.hpp"

namespace agentbox::support {

Fd open_pidfd(pid_t pid) noexcept {
  return Fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
}

bool has_ended(const Fd& pidfd) noexcept {
  pollfd watched{pidfd.get(), POLLIN, 0};
  return poll(&watched, 1, 0) > 0;
}

bool ends_within(const Fd& pidfd, std::chrono::milliseconds patience) {
  std::array<pollfd, 1> watched{{{pidfd.get(), POLLIN, 0}}};
  return poll_until(watched, std::chrono::steady_clock::now() + patience);
}

void send_signal(const Fd& pidfd, int signal) noexcept {
  syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0);
}

} // namespace agentbox::support
