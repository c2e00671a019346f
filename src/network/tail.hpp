// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "firewall/audit/audit_record.hpp"
#include "support/fd.hpp"

namespace agentbox::network {

/// How new lines are noticed.
enum class Watching {
  by_kernel, ///< fd() is readable (inotify)
  by_asking, ///< take() looks at the file each time. Without inotify, whose end costs a launcher 20 ms (measured)
};

/// Follows the audit logs of a folder as they grow, also over a rotation, and logs that appear later.
class Tail {
public:
  /// Only the log of `box`, or all of them without one. What is in the logs now counts as read. Throws
  /// support::Error(failed) when the kernel gives no watch. `by_asking` needs a box.
  Tail(std::filesystem::path folder, std::optional<std::string> box, Watching watching = Watching::by_kernel);

  /// Readable when take() may have something new.
  int fd() const noexcept { return m_inotify.get(); }

  /// What was written since the last call, in the order of each log. Bounded: what is left shows in the next call, and
  /// more() is true then.
  std::vector<firewall::audit::AuditRecord> take();
  bool more() const noexcept { return m_more; }

private:
  /// One log, and how far it was read.
  struct FollowedLog {
    support::Fd file;
    std::uint64_t inode = 0;
    std::uint64_t offset = 0;
    std::string rest; ///< a line whose end is not written yet
  };

  std::vector<std::string> touched_boxes();
  bool read_log(FollowedLog& log, std::vector<firewall::audit::AuditRecord>& records);
  void follow(const std::string& name, bool from_start, std::vector<firewall::audit::AuditRecord>& records);

  std::filesystem::path m_folder;
  std::optional<std::string> m_box;
  support::Fd m_inotify;
  std::map<std::string, FollowedLog> m_logs;
  std::set<std::string> m_behind; ///< boxes whose log was rotated before the old one was read
  bool m_more = false;
};

} // namespace agentbox::network
