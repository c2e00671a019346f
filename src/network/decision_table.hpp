// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "firewall/audit/audit_record.hpp"
#include "network/notice.hpp"
#include "network/totals.hpp"

namespace agentbox::network {

/// How a table is shown.
struct Look {
  bool colour = false;
  std::size_t width = 0; ///< of the terminal; 0: lines are as long as they are
};

/// Whether people want to see `record` in a log: not the gate's knocking, nor a quiet start and stop.
bool is_news(const firewall::audit::AuditRecord& record);

/// Tables with a line of headings; a record may be a sum. Times are local ones. Everything is escaped.
std::string log_table(const std::vector<firewall::audit::AuditRecord>& records, const Look& look);
std::string denied_table(const std::vector<Denied>& denied, const Look& look);
std::string totals_table(const std::vector<Total>& totals, const Look& look);

/// One record as a line for `follow`, which cannot know what comes: fixed columns.
std::string follow_line(const firewall::audit::AuditRecord& record, const Look& look);

/// One JSON object and a newline.
std::string to_json_line(const Denied& denied);

} // namespace agentbox::network
