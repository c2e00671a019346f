// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "firewall/audit/audit_record.hpp"

namespace agentbox::firewall::audit {

/// Readers refuse a larger NAME.totals.
inline constexpr std::size_t k_max_totals_bytes = std::size_t{64} << 20U;

/// Returns kind, verdict and reason of `record`, which form a group; only a limited number of hosts per group keep
/// their own line.
std::string group_of(const AuditRecord& record);

/// Returns the key of `record`: the decisions of a group about one host (name, else address), port and protocol have
/// the same key and are added up.
std::string key_of(const AuditRecord& record);

/// Adds the decisions of `more`, which has the same key, to `sum`. The later of the two determines the sum's address,
/// text, rule and `by`.
void add(AuditRecord& sum, const AuditRecord& more);

/// Returns the sums in `text`, the content of NAME.totals. Lines that are not a sum are skipped.
std::vector<AuditRecord> parse_totals(std::string_view text);

} // namespace agentbox::firewall::audit
