// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "firewall/audit/audit_record.hpp"

namespace agentbox::network {

/// Returns the sums in the file `path` (NAME.totals): a record with `count` and `first` for each kind of decision on
/// each host, and one with the address k_other_hosts for those that were too many to list separately. Empty without a
/// readable file. Lines that are not a sum are skipped.
std::vector<firewall::audit::AuditRecord> read_totals(const std::filesystem::path& path);

/// Returns `records` with those of the same kind and host summed.
std::vector<firewall::audit::AuditRecord> summed(const std::vector<firewall::audit::AuditRecord>& records);

/// Returns the sums since `since`: those of `all` that began later, and for those that began before, what `lines` (the
/// log since then) add up to.
std::vector<firewall::audit::AuditRecord> sums_since(const std::string& since,
                                                     const std::vector<firewall::audit::AuditRecord>& all,
                                                     const std::vector<firewall::audit::AuditRecord>& lines);

} // namespace agentbox::network
