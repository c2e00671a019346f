// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "firewall/audit/audit_record.hpp"

namespace agentbox::network {

/// What went to and from one host in all.
struct Total {
  std::string host; ///< name, or address where there was no name; "other hosts": those that were too many to keep apart
  std::size_t allowed = 0;
  std::size_t denied = 0;
  std::uint64_t bytes_up = 0;
  std::uint64_t bytes_down = 0;
  std::string first; ///< time, as in the audit log
  std::string last;
};

/// By host, of records that may be sums; the most bytes first, then the most denials.
std::vector<Total> totals(const std::vector<firewall::audit::AuditRecord>& records);

/// The host that a record is about: name, else address, else "-"; "other hosts" for many of them. Escaped.
std::string host_text(const firewall::audit::AuditRecord& record);

/// One JSON object and a newline.
std::string to_json_line(const Total& total);

/// "0 B", "1.2 kB", "3.4 MB".
std::string size_text(std::uint64_t bytes);

} // namespace agentbox::network
