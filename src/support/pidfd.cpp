// SPDX-License-Identifier: Apache-2.0
#include "support/pidfd.hpp"

#include <array>
#include <string>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/error.hpp"
#include "support/file.hpp"
#include "support/lines.hpp"
#include "support/numbers.hpp"
#include "support/signals.hpp"

namespace agentbox::support {

Fd open_pidfd(pid_t pid) noexcept {
  return Fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
}

Fd open_process(pid_t pid, std::string_view comm) {
  constexpr std::size_t k_max_comm = 15;
  Fd process = open_pidfd(pid);
  if (!process || comm.empty()) {
    return process;
  }
  try {
    const auto name = read_file_if_exists("/proc/" + std::to_string(pid) + "/comm", 64);
    return name == std::string(comm.substr(0, k_max_comm)) + "\n" ? std::move(process) : Fd();
  } catch (const Error&) {
    return {}; // it ended meanwhile (ESRCH)
  }
}

std::optional<pid_t> read_pid(const std::filesystem::path& file) {
  const auto pid = parse_number<pid_t>(trim(read_file_if_exists(file, 32).value_or("")));
  return pid && *pid > 1 ? pid : std::nullopt;
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
