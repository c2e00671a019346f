// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "firewall/audit/audit_record.hpp"

namespace agentbox::network {

/// The traffic with one host.
struct Total {
  std::string host; ///< name, else address; "other hosts": those that were too many to list separately
  std::size_t allowed = 0;
  std::size_t denied = 0;
  std::uint64_t bytes_up = 0;
  std::uint64_t bytes_down = 0;
  std::string first; ///< time, as in the audit log
  std::string last;
};

/// Returns the totals by host of `records`, which may be sums; the most bytes first, then the most denials.
std::vector<Total> totals(const std::vector<firewall::audit::AuditRecord>& records);

/// Returns the escaped host of a record: name, else address, else "-"; "other hosts" for the sum of many.
std::string host_text(const firewall::audit::AuditRecord& record);

/// Returns one JSON object and a newline.
std::string to_json_line(const Total& total);

/// Returns "0 B", "1.2 kB", "3.4 MB".
std::string size_text(std::uint64_t bytes);

} // namespace agentbox::network
