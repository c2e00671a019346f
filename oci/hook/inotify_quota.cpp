// SPDX-License-Identifier: Apache-2.0
#include "oci/hook/inotify_quota.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

namespace agentbox::oci::hook {
namespace {

/// Files for the limits of the user namespace of the process that opens them.
constexpr std::array k_limits = {"/proc/sys/user/max_inotify_instances", "/proc/sys/user/max_inotify_watches"};

long read_limit(const char* path) noexcept {
  std::array<char, 32> text{};
  const support::Fd fd(open(path, O_RDONLY | O_CLOEXEC));
  const ssize_t count = fd ? read(fd.get(), text.data(), text.size()) : -1;
  long value = 0;
  std::from_chars(text.data(), text.data() + std::max<ssize_t>(count, 0), value);
  return value;
}

void write_limit(const char* path, long value) noexcept {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  const support::Fd fd(open(path, O_WRONLY | O_CLOEXEC));
  [[maybe_unused]] const ssize_t written =
      fd ? write(fd.get(), text.data(), static_cast<std::size_t>(end - text.data())) : -1;
}

} // namespace

void limit_inotify(const FirewallProcess& firewall) noexcept {
  // The host's own limits, not those of our namespace (Podman's), which are higher.
  const long instances = read_limit("/proc/sys/fs/inotify/max_user_instances");
  const long watches = read_limit("/proc/sys/fs/inotify/max_user_watches");
  const pid_t child = fork();
  if (child == 0) {
    if (setns(firewall.pidfd.get(), CLONE_NEWUSER) == 0) {
      write_limit(k_limits[0], instances / 2);
      write_limit(k_limits[1], watches / 2);
    }
    _exit(0);
  }
  if (child > 0) {
    waitpid(child, nullptr, 0);
  }
}

} // namespace agentbox::oci::hook
