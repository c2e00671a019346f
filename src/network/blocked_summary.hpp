// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "firewall/audit/audit_record.hpp"

namespace agentbox::network {

/// What was refused, for people, when the box is gone: at most `max_lines` lines, the most frequent first, each with
/// the flag that would allow it next time, without those that are in `said` already (by network::Notice::what). Names
/// come from the box and are escaped. Pure.
std::vector<std::string> blocked_summary(const std::vector<firewall::audit::AuditRecord>& records,
                                         const std::set<std::string>& said = {}, std::size_t max_lines = 5);

} // namespace agentbox::network
