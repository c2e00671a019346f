// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "firewall/audit/audit_record.hpp"

namespace agentbox::network {

/// Which records are wanted.
struct Filter {
  std::optional<std::string> box;   ///< of this box only
  std::optional<std::string> since; ///< not before this time, as parse_since() writes it

  bool wants(const firewall::audit::AuditRecord& record) const;
};

/// What the firewalls of some boxes recorded.
struct History {
  /// The lines of the audit logs that are still there, by time: those of before the last rotation included, at most the
  /// last 64 MiB of each box.
  std::vector<firewall::audit::AuditRecord> lines;
  /// What all decisions come to by host, by the time of the last one: also of those whose lines were displaced, and of
  /// those that came too fast for lines.
  std::vector<firewall::audit::AuditRecord> sums;
  /// Those of `sums` of which no line is left, by time.
  std::vector<firewall::audit::AuditRecord> displaced;
  /// Where `sums` are of a time (Filter::since) that the lines do not cover: since when they do. What was known before
  /// may have done more than its sum says.
  std::string lines_begin;
};

/// Returns the history of the boxes whose logs are in `folder`. Skips links and lines that are not records.
History read_history(const std::filesystem::path& folder, const Filter& filter);

/// The boxes that have a log in `folder`, sorted.
std::vector<std::string> boxes_with_history(const std::filesystem::path& folder);

/// Removes the logs that were written to longest ago, and then the totals, until those that are left take at most
/// `max_bytes`. `keep` are boxes whose logs stay. A folder that is not there is none.
void prune_history(const std::filesystem::path& folder, std::uintmax_t max_bytes, const std::vector<std::string>& keep);

} // namespace agentbox::network
