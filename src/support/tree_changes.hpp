// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <ctime>
#include <string>
#include <vector>

namespace agentbox::support {

/// The changes that a scan of a directory tree saw. Paths are relative to the root and sorted.
struct TreeChanges {
  std::int64_t since = 0;           ///< nanoseconds since the epoch; 0: changes were not looked for
  std::int64_t began = 0;           ///< when the scan began
  std::vector<std::string> changed; ///< directories whose st_ctime is not before `since`
  std::vector<std::string> unread;  ///< directories that the scan left out, with everything below

  bool operator==(const TreeChanges&) const = default;
};

inline std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

/// Returns the current time, in nanoseconds since the epoch, by the clock with which the kernel stamps files:
/// CLOCK_REALTIME is a few milliseconds ahead of it.
inline std::int64_t file_time_now() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return nanoseconds(now);
}

} // namespace agentbox::support
