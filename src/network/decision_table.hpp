// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "firewall/audit/audit_record.hpp"
#include "network/notice.hpp"
#include "network/totals.hpp"

namespace agentbox::network {

/// Options for printing a table.
struct TableStyle {
  bool colour = false;
  std::size_t width = 0; ///< of the terminal, for the last column; 0: not limited
};

/// Returns whether `record` is shown to the user: not queries of the gate, and not a plain start or stop.
bool is_news(const firewall::audit::AuditRecord& record);

/// Return a table with a line of headings; a record may be a sum. Times are local. Everything is escaped.
std::string log_table(const std::vector<firewall::audit::AuditRecord>& records, const TableStyle& style);
std::string denied_table(const std::vector<Denied>& denied, const TableStyle& style);
std::string totals_table(const std::vector<Total>& totals, const TableStyle& style);

/// Returns one record as a line for `follow`, with fixed columns.
std::string follow_line(const firewall::audit::AuditRecord& record, const TableStyle& style);

/// Returns one JSON object and a newline.
std::string to_json_line(const Denied& denied);

} // namespace agentbox::network
