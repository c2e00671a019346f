// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "firewall/audit/audit_record.hpp"

namespace agentbox::network {

/// Selects records.
struct Filter {
  std::optional<std::string> box;   ///< only of this box
  std::optional<std::string> since; ///< not before this time, in the form of parse_since()

  bool wants(const firewall::audit::AuditRecord& record) const;
};

/// The records of some boxes' firewalls.
struct History {
  /// The lines of the audit logs by time, including those before the last rotation: at most the last 64 MiB of each
  /// file.
  std::vector<firewall::audit::AuditRecord> lines;
  /// The sums of all decisions by host, sorted by the time of the last one, including decisions whose lines were
  /// rotated away or left out.
  std::vector<firewall::audit::AuditRecord> sums;
  /// The records of `sums` that have no line left, by time.
  std::vector<firewall::audit::AuditRecord> displaced;
  /// Set if the lines do not go back to Filter::since: the time they go back to. In that case the sums of hosts known
  /// before may be too low.
  std::string lines_begin;
};

/// Returns the history of the boxes whose logs are in `directory`. Skips links and lines that are not records.
History read_history(const std::filesystem::path& directory, const Filter& filter);

/// Returns the boxes that have a log in `directory`, sorted.
std::vector<std::string> boxes_with_history(const std::filesystem::path& directory);

/// Removes the logs that were written least recently, then the totals, until the rest takes at most `max_bytes`. Keeps
/// the logs of the boxes `keep`. Does nothing if `directory` does not exist.
void prune_history(const std::filesystem::path& directory, std::uintmax_t max_bytes,
                   const std::vector<std::string>& keep);

} // namespace agentbox::network
