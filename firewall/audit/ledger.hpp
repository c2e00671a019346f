// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "firewall/audit/audit_record.hpp"
#include "firewall/audit/sum.hpp"
#include "support/fd.hpp"

namespace agentbox::firewall::audit {

/// What a box's decisions come to, by host: FOLDER/BOX.totals, of fixed places that are written over. Unlike the log it
/// is never rotated, so no flood displaces what it has; and it has what the limiter keeps out of the log.
///
/// Of each group (kind, verdict, reason) a number of hosts, the first ones, keep their places for good. Those that come
/// later share a few places, where the one that counts least gives way to a new one and goes on as one of its `others`.
/// Each decision is one write within a page: after a kill at any moment it counts once, or was not made yet.
class Ledger {
public:
  /// Places of one group.
  struct Limits {
    std::size_t allowed = 1024; ///< for the first hosts, of what was allowed
    std::size_t denied = 128;   ///< the same, of what was denied
    std::size_t changing = 32;  ///< for those that come later
  };

  /// Opens the file and reads what is in it. Throws support::Error(failed), also when another firewall writes to it.
  Ledger(const std::filesystem::path& folder, const std::string& box, Limits limits);
  Ledger(const std::filesystem::path& folder, const std::string& box) : Ledger(folder, box, Limits{}) {}

  /// Counts `record`, whose box and time are set. False when it could not be written: flush() does it later.
  bool add(const AuditRecord& record);

  /// Writes what could not be written. Whether all is written.
  bool flush();

private:
  struct Place {
    Sum sum;
    std::string fixed;
    bool unwritten = false;
  };
  struct Group {
    std::size_t firsts = 0;
    std::vector<std::size_t> changing;
  };

  void load();
  void enter(std::size_t index);
  std::size_t place_for(const AuditRecord& record);
  std::size_t least(const Group& group) const;
  void replace(std::size_t index, const AuditRecord& record);
  std::size_t most_firsts(const AuditRecord& record) const;
  bool write(std::size_t index);

  Limits m_limits;
  support::Fd m_file;
  std::vector<Place> m_places;
  std::vector<std::size_t> m_free; ///< places that hold nothing that could be read
  std::unordered_map<std::string, std::size_t> m_by_key;
  std::map<std::string, Group> m_groups;
  std::size_t m_unwritten = 0;
};

} // namespace agentbox::firewall::audit
