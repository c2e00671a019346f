// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <ctime>

namespace agentbox::firewall::io {

/// CLOCK_BOOTTIME, which keeps running during suspend: a grant of ten minutes expires even with the lid closed.
struct BootClock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<BootClock>;
  static constexpr bool is_steady = true; // NOLINT(readability-identifier-naming): the name of the standard's Clock

  static time_point now() noexcept {
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return time_point(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
  }
};

} // namespace agentbox::firewall::io
