// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string>
#include <vector>

#include "review/finding.hpp"
#include "review/remember.hpp"

namespace agentbox::review {

/// A moment by the clock of the files' change times. What happens later has a change time (st_ctime) that is not
/// earlier: the kernel sets it, and no process in a box can set it back or the clock with it. So nothing has to be
/// remembered of the tree before the box starts.
class Moment {
public:
  static Moment now();
  /// The earliest change time of what happened since, also when the clock was set back meanwhile.
  timespec earliest() const;
  std::int64_t seconds() const { return m_wall.tv_sec; }

private:
  timespec m_wall{};
  timespec m_boot{};
};

/// How much of a tree is looked at.
struct Limits {
  std::size_t entries = 400'000;
  std::chrono::milliseconds time{1500};
  std::size_t depth = 100; ///< each open folder is a descriptor
};

/// Looks at everything that changed in `trees` since then, and fills in `report` (findings, counts, looked_at,
/// stopped). The first tree is the workspace: its paths are relative. Symbolic links are not followed, and nothing but
/// folders and the few files that Git reads is opened. That a folder cannot be read is a reason for `stopped`. What is
/// old counts as well in a folder whose name decides that the host runs it, when that folder changed: it may have been
/// moved there with all that is in it; old programs count in a folder of programs that was moved, or lies in one that
/// was. Not so in the folders that were `held`. Of repositories only the data of those that were is passed over, and of
/// others named .git that have not changed; but for links in refs and logs, to whose targets Git would write.
void scan(const std::vector<Tree>& trees, const timespec& since, const std::vector<std::string>& protect,
          const Before& before, const Limits& limits, Report& report);

} // namespace agentbox::review
