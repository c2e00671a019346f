// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "firewall/audit/audit_record.hpp"

namespace agentbox::network {

/// The description of a denial, or of what the agent asks for. Safe to print.
struct Notice {
  std::string what;     ///< "pypi.org", "github.com:22", "192.0.2.1:80 (tcp)"
  std::string why;      ///< the rule, or that there is none
  std::string entry;    ///< argument of `agentbox allow` that would allow it; empty if nothing would
  bool by_user = false; ///< denied with `agentbox deny`
  bool asked = false;   ///< not denied: the agent asks for it with agentbox-ask

  /// Returns a text that identifies the notice.
  std::string key() const { return (asked ? "asked for: " : "denied: ") + what; }

  bool operator==(const Notice&) const = default;
};

/// Returns the notice for `record`; nullopt unless it is a denial of the box or a request.
std::optional<Notice> notice_of(const firewall::audit::AuditRecord& record);

/// Returns "agentbox allow pypi.org --for 10m", with `--box NAME` if `box` is not empty; empty if nothing would allow
/// it.
std::string allow_command(const Notice& notice, const std::string& box);

/// Returns "denied: pypi.org (not on the list of hosts) - allow it with: agentbox allow pypi.org --for 10m". For a
/// request the command comes first, so that the agent's text cannot pretend to be one.
std::string line_of(const Notice& notice, const std::string& box);

/// A host that was denied one or more times; the notice is the last one.
struct Denied {
  Notice notice;
  std::size_t count = 0;
  std::string first; ///< time of the first one, as in the audit log
  std::string last;
  std::string box;                                                ///< of the last one
  firewall::audit::Reason reason = firewall::audit::Reason::none; ///< of the last one
};

/// Returns the denials in `records` (by time, may be sums), the most frequent first.
std::vector<Denied> denied(const std::vector<firewall::audit::AuditRecord>& records);

} // namespace agentbox::network
