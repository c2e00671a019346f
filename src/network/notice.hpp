// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "firewall/audit/audit_record.hpp"

namespace agentbox::network {

/// A denial, in words for the developer. Everything in it is safe to print.
struct Notice {
  std::string what;     ///< "pypi.org", "github.com:22", "192.0.2.1:80 (tcp)"
  std::string why;      ///< which rule, or that there is none
  std::string entry;    ///< what `agentbox allow` takes to allow it; empty when nothing would
  bool by_user = false; ///< denied with `agentbox deny`

  bool operator==(const Notice&) const = default;
};

/// The notice of `record`; nothing unless it is a denial of what the box asked for.
std::optional<Notice> notice_of(const firewall::audit::AuditRecord& record);

/// "agentbox allow pypi.org --for 10m", with `--box NAME` when `box` is not empty. Empty when nothing would allow it.
std::string allow_command(const Notice& notice, const std::string& box);

/// "blocked: pypi.org (not on the list of hosts) - allow it with: agentbox allow pypi.org --for 10m"
std::string line_of(const Notice& notice, const std::string& box);

/// A host that was denied, once or more; `why` is the last reason.
struct Denied {
  Notice notice;
  std::size_t count = 0;
  std::string first; ///< time of the first one, as in the audit log
  std::string last;
  std::string box;                                                ///< of the last one
  firewall::audit::Reason reason = firewall::audit::Reason::none; ///< of the last one
};

/// The denials of `records`, which are by time and may be sums; the most frequent first.
std::vector<Denied> denied(const std::vector<firewall::audit::AuditRecord>& records);

} // namespace agentbox::network
