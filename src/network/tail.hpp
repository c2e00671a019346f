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

/// The way in which new lines are detected.
enum class Watching {
  by_kernel,  ///< fd() is readable (inotify)
  by_polling, ///< read_new() checks the file each time. Avoids inotify, whose teardown costs a launcher 20 ms
              ///< (measured)
};

/// Follows the audit logs in a directory as they grow, across rotations, and logs that appear later.
class Tail {
public:
  /// Follows the log of `box`, or all logs without one. What they contain now counts as read. Throws
  /// support::Error(failed) if inotify cannot watch the directory. When the user's quota of inotify instances is used
  /// up, `by_kernel` becomes `by_polling`.
  Tail(std::filesystem::path directory, std::optional<std::string> box, Watching watching = Watching::by_kernel);

  /// Returns a descriptor that is readable when read_new() may return something; -1 for `by_polling`.
  int fd() const noexcept { return m_inotify.get(); }

  /// Returns what was written since the last call, in the order of each log. Bounded: more() tells whether the next
  /// call returns the rest.
  std::vector<firewall::audit::AuditRecord> read_new();
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

  std::filesystem::path m_directory;
  std::optional<std::string> m_box;
  support::Fd m_inotify;
  std::map<std::string, FollowedLog> m_logs;
  std::set<std::string> m_behind; ///< boxes whose log was rotated before the old one was read
  bool m_more = false;
};

} // namespace agentbox::network
