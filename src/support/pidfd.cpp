// SPDX-License-Identifier: Apache-2.0
#include "support/pidfd.hpp"

#include <algorithm>
#include <cerrno>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/error.hpp"

namespace agentbox::support {

Fd open_pidfd(pid_t pid) noexcept {
  return Fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
}

bool ends_within(const Fd& pidfd, std::chrono::milliseconds patience) {
  using Clock = std::chrono::steady_clock;
  pollfd watched{pidfd.get(), POLLIN, 0};
  const auto deadline = Clock::now() + patience;
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    const int ready = poll(&watched, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (ready >= 0) {
      return ready > 0;
    }
    if (errno != EINTR) {
      throw system_error(ExitCode::failed, "cannot wait for a process", errno);
    }
  }
}

void send_signal(const Fd& pidfd, int signal) noexcept {
  syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0);
}

} // namespace agentbox::support
