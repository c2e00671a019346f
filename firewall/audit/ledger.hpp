// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>

#include "firewall/audit/audit_record.hpp"

namespace agentbox::firewall::audit {

/// The sums of a box's decisions by host, in DIRECTORY/BOX.totals: lines as in the log, with `count` and `first`.
/// Unlike the log the file is never rotated, so no flood displaces a host, and it counts what the limiter leaves out.
///
/// The first hosts of each group (kind, verdict, reason) keep their entries. Later ones share a few: when a new host
/// needs one, the host that counts least is added to the group's k_other_hosts. No decision is lost.
class Ledger {
public:
  /// Maximum entries of one group.
  struct Limits {
    std::size_t allowed = 1024; ///< first hosts of an allowed group
    std::size_t denied = 128;   ///< first hosts of a denied group
    std::size_t changing = 32;  ///< later hosts
  };

  /// Reads the file if it exists. Throws support::Error if it cannot be read or is a symbolic link.
  Ledger(std::filesystem::path directory, const std::string& box, Limits limits);
  Ledger(std::filesystem::path directory, const std::string& box) : Ledger(std::move(directory), box, Limits{}) {}

  /// Counts `record` in memory. Its box and time must be set.
  void add(const AuditRecord& record);

  /// Returns whether the file is outdated.
  bool changed() const noexcept { return m_changed; }

  /// Replaces the file atomically (rename) if changed(). Returns false if it cannot be written; the old one stays.
  bool write();

private:
  using Hosts = std::unordered_map<std::string, AuditRecord>; ///< by key_of()
  struct Group {
    Hosts firsts;
    Hosts changing;
    std::optional<AuditRecord> others;
  };

  std::filesystem::path m_path;
  Limits m_limits;
  std::map<std::string, Group> m_groups;
  bool m_changed = false;
};

} // namespace agentbox::firewall::audit
