// SPDX-License-Identifier: Apache-2.0
#include "firewall/audit/ledger.hpp"

#include <algorithm>
#include <string_view>
#include <tuple>
#include <utility>

#include "firewall/audit/sum.hpp"
#include "protocol/protocol.hpp"
#include "support/error.hpp"
#include "support/file.hpp"

namespace agentbox::firewall::audit {
namespace {

void add_to(std::optional<AuditRecord>& others, AuditRecord record) {
  record.name.clear();
  record.address = k_other_hosts;
  record.port = 0;
  record.protocol.clear();
  record.rule.clear();
  record.text = "hosts that were too many to list separately";
  if (others) {
    add(*others, record);
  } else {
    others = std::move(record);
  }
}

/// Returns whether `a` has fewer bytes than `b`, or else fewer decisions, or else an older last decision.
bool counts_less(const AuditRecord& a, const AuditRecord& b) {
  const auto weight = [](const AuditRecord& record) {
    return std::make_tuple(record.bytes_up + record.bytes_down, record.count, std::string_view(record.time));
  };
  return weight(a) < weight(b);
}

} // namespace

Ledger::Ledger(std::filesystem::path directory, const std::string& box, Limits limits)
    : m_path(directory / (box + protocol::k_totals_suffix)), m_limits(limits) {
  const auto text = support::read_file_beneath(directory, m_path.filename(), k_max_totals_bytes);
  for (const AuditRecord& record : parse_totals(text.value_or(""))) {
    add(record);
  }
  m_changed = false;
}

void Ledger::add(const AuditRecord& record) {
  m_changed = true;
  AuditRecord sum = record;
  sum.first = record.first_time();
  Group& group = m_groups[group_of(record)];
  if (record.name.empty() && record.address == k_other_hosts) { // from the file
    add_to(group.others, std::move(sum));
    return;
  }
  std::string key = key_of(record);
  for (Hosts* hosts : {&group.firsts, &group.changing}) {
    if (const auto known = hosts->find(key); known != hosts->end()) {
      audit::add(known->second, record);
      return;
    }
  }
  if (group.firsts.size() < (record.verdict == Verdict::allow ? m_limits.allowed : m_limits.denied)) {
    group.firsts.emplace(std::move(key), std::move(sum));
    return;
  }
  if (group.changing.size() >= m_limits.changing) {
    const auto least = std::min_element(group.changing.begin(), group.changing.end(),
                                        [](const auto& a, const auto& b) { return counts_less(a.second, b.second); });
    add_to(group.others, std::move(least->second));
    group.changing.erase(least);
  }
  group.changing.emplace(std::move(key), std::move(sum));
}

bool Ledger::write() {
  if (!m_changed) {
    return true;
  }
  std::string text;
  for (const auto& [name, group] : m_groups) {
    for (const Hosts* hosts : {&group.firsts, &group.changing}) { // in this order, so that the first ones stay first
      for (const auto& [key, sum] : *hosts) {
        text += to_json_line(sum);
      }
    }
    text += group.others ? to_json_line(*group.others) : "";
  }
  try {
    support::write_file(m_path, text);
  } catch (const support::Error&) { // a full disk
    return false;
  }
  m_changed = false;
  return true;
}

} // namespace agentbox::firewall::audit
