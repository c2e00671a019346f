// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string>
#include <vector>

#include "review/baseline.hpp"
#include "review/review_report.hpp"

namespace agentbox::review {

/// A time by the clock of st_ctime, which the kernel sets and no process in a box can set back. Files that change later
/// have a change time that is not earlier, so no snapshot of the tree is needed before the box starts.
class Moment {
public:
  static Moment now();
  /// Returns the earliest change time that a later change can have, even if the clock was set back meanwhile.
  timespec earliest() const;
  std::int64_t seconds() const { return m_wall.tv_sec; }

private:
  timespec m_wall{};
  timespec m_boot{};
};

/// The limits of a scan.
struct ScanLimits {
  std::size_t entries = 400'000;
  std::chrono::milliseconds time{1500}; ///< CPU time; four times as much on the clock
  std::size_t depth = 100;              ///< each level needs a descriptor
};

/// Examines everything that changed in `trees` since `since`, and fills in `report` (findings, counts, looked_at,
/// stopped). The first tree is the workspace, whose paths are relative. Follows no symbolic links and opens only
/// directories and the few files that Git reads; an unreadable directory is reported in `stopped`.
/// Old files are included in a changed directory whose name makes the host run them, because the directory may have
/// been moved there; so are old programs in a directory of programs that was moved, or is in one that was. Neither
/// applies to directories that were mounts. The data of repositories is skipped where those were mounts, or are
/// unchanged and named .git; but not links in refs and logs, through which Git would write, nor changed files that have
/// a name outside the trees (hard_links.hpp).
void scan(const std::vector<ReviewedTree>& trees, const timespec& since, const std::vector<std::string>& protect,
          const Baseline& before, const ScanLimits& limits, ReviewReport& report);

} // namespace agentbox::review
