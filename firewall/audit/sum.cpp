// SPDX-License-Identifier: Apache-2.0
#include "firewall/audit/sum.hpp"

#include <algorithm>
#include <utility>

namespace agentbox::firewall::audit {

std::string group_of(const AuditRecord& record) {
  std::string text(kind_text(record.kind));
  text.append(" ").append(verdict_text(record.verdict)).append(" ").append(token_of(record.reason));
  return text;
}

std::string key_of(const AuditRecord& record) {
  std::string text = group_of(record);
  text.append(" ")
      .append(std::to_string(record.port))
      .append(" ")
      .append(record.protocol)
      .append(" ")
      .append(record.name.empty() ? record.address : record.name);
  return text;
}

void add(AuditRecord& sum, const AuditRecord& more) {
  sum.first = std::min(more.first_time(), sum.first_time());
  if (more.time >= sum.time) {
    sum.time = more.time;
    sum.address = more.address;
    sum.text = more.text;
    sum.rule = more.rule;
    sum.by = more.by;
  }
  sum.count += more.count;
  sum.bytes_up += more.bytes_up;
  sum.bytes_down += more.bytes_down;
  sum.duration_ms += more.duration_ms;
}

std::vector<AuditRecord> parse_totals(std::string_view text) {
  std::vector<AuditRecord> sums;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (auto record = from_json_line(line); record && !record->first.empty()) {
      sums.push_back(*std::move(record));
    }
  }
  return sums;
}

} // namespace agentbox::firewall::audit
