// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "firewall/audit/audit_record.hpp"

namespace agentbox::network {

/// Returns a summary of what was denied, to be printed after the box has ended: at most `max_lines` lines, the most
/// frequent first, each with the flag that would allow it next time. Skips those in `reported` (Notice::key()). Names
/// from the box are escaped.
std::vector<std::string> denied_summary(const std::vector<firewall::audit::AuditRecord>& records,
                                        const std::set<std::string>& reported = {}, std::size_t max_lines = 5);

} // namespace agentbox::network
