// SPDX-License-Identifier: Apache-2.0
#include "network/denied_summary.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "network/notice.hpp"
#include "support/command.hpp"

namespace agentbox::network {

std::vector<std::string> denied_summary(const std::vector<firewall::audit::AuditRecord>& records,
                                        const std::set<std::string>& reported, std::size_t max_lines) {
  const std::vector<network::Denied> all = network::denied(records);
  std::vector<std::string> lines;
  std::size_t more = 0;
  for (const network::Denied& one : all) {
    if (reported.contains(one.notice.key())) {
      continue;
    }
    if (lines.size() == max_lines) {
      ++more;
      continue;
    }
    const std::string times = one.count > 1 ? fmt::format(" ({} times)", one.count) : "";
    const network::Notice& notice = one.notice;
    const std::string how =
        notice.entry.empty() ? "" : " - allow with: agentbox run --allow " + support::shell_quote({notice.entry});
    const std::string why = notice.asked ? " (" + notice.why + ")" : notice.entry.empty() ? ": " + notice.why : "";
    lines.push_back(notice.key() + times + how + why);
  }
  if (more > 0) {
    lines.push_back(fmt::format("denied: {} more; see: agentbox network denied", more));
  }
  const auto allowable =
      std::count_if(all.begin(), all.end(), [](const auto& one) { return !one.notice.entry.empty(); });
  if (allowable > 1) {
    lines.emplace_back("to allow them permanently: agentbox policy suggest");
  }
  return lines;
}

} // namespace agentbox::network
