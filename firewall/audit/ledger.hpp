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

/// The sums of a box's decisions by host, in FOLDER/BOX.totals: lines as in the log, with `count` and `first`. Unlike
/// the log the file is never rotated, so no flood displaces a host, and it counts what the limiter keeps out of the
/// log.
///
/// Of each group (kind, verdict, reason) the first hosts are kept for good. Later ones share a few entries: the one
/// that counts least is added to the group's k_other_hosts when a new one comes. No decision is lost.
class Ledger {
public:
  /// Entries of one group.
  struct Limits {
    std::size_t allowed = 1024; ///< first hosts, of what was allowed
    std::size_t denied = 128;   ///< first hosts, of what was denied
    std::size_t changing = 32;  ///< later hosts
  };

  /// Reads the file, if there is one. Throws support::Error when it cannot be read or is a symbolic link.
  Ledger(std::filesystem::path folder, const std::string& box, Limits limits);
  Ledger(std::filesystem::path folder, const std::string& box) : Ledger(std::move(folder), box, Limits{}) {}

  /// Counts `record`, whose box and time are set, in memory.
  void add(const AuditRecord& record);

  /// Whether the file lacks what was added.
  bool changed() const noexcept { return m_changed; }

  /// Replaces the file in one step (rename) if changed(). Returns false when it cannot be written; the old one stays.
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
