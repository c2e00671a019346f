// SPDX-License-Identifier: Apache-2.0
#include "network/totals.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "support/text.hpp"

namespace agentbox::network {

using firewall::audit::AuditRecord;
using firewall::audit::Kind;
using firewall::audit::Verdict;

std::string size_text(std::uint64_t bytes) {
  constexpr std::array<const char*, 5> k_units = {"B", "kB", "MB", "GB", "TB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 999.5 && unit + 1 < k_units.size()) {
    value /= 1000;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} B", bytes)
                   : fmt::format("{:.{}f} {}", value, value < 9.95 ? 1 : 0, k_units.at(unit));
}

std::string host_text(const AuditRecord& record) {
  if (record.address == firewall::audit::k_other_hosts) {
    return "other hosts";
  }
  const std::string& host = record.name.empty() ? record.address : record.name;
  return host.empty() ? "-" : support::escape_untrusted(host, 255);
}

std::vector<Total> totals(const std::vector<AuditRecord>& records) {
  std::map<std::string, Total> by_host;
  for (const AuditRecord& record : records) {
    if (record.kind != Kind::connect && record.kind != Kind::dns && record.kind != Kind::address) {
      continue;
    }
    const std::string host = host_text(record);
    Total& total = by_host[host];
    total.first = total.host.empty() ? record.first_time() : std::min(total.first, record.first_time());
    total.last = std::max(total.last, record.time);
    total.host = host;
    (record.verdict == Verdict::allow ? total.allowed : total.denied) += record.count;
    total.bytes_up += record.bytes_up;
    total.bytes_down += record.bytes_down;
  }
  std::vector<Total> sorted;
  sorted.reserve(by_host.size());
  for (auto& [host, total] : by_host) {
    sorted.push_back(std::move(total));
  }
  std::stable_sort(sorted.begin(), sorted.end(), [](const Total& a, const Total& b) {
    const std::uint64_t bytes_a = a.bytes_up + a.bytes_down;
    const std::uint64_t bytes_b = b.bytes_up + b.bytes_down;
    return bytes_a != bytes_b ? bytes_a > bytes_b : a.denied > b.denied;
  });
  return sorted;
}

std::string to_json_line(const Total& total) {
  const auto& [host, allowed, denied, up, down, first, last] = total;
  const nlohmann::ordered_json object = {{"host", host},
                                         {"allowed", allowed},
                                         {"denied", denied},
                                         {"bytes_up", up},
                                         {"bytes_down", down},
                                         {"first", support::escape_untrusted(first, 40)},
                                         {"last", support::escape_untrusted(last, 40)}};
  return object.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace) + '\n';
}

} // namespace agentbox::network
