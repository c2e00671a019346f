// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "firewall/audit/audit_record.hpp"
#include "policy/egress_index.hpp"

namespace agentbox::network {

/// Proposed additions to a configuration, and hosts that are deliberately left out.
struct Suggestion {
  struct Item {
    std::string entry; ///< for allow_hosts; the host, if it is left out
    std::size_t count = 0;
    std::string last; ///< time of the last denial
    std::string note; ///< why it is left out, or what to check before adding it
  };
  std::vector<Item> add;
  std::vector<Item> left_out;
};

/// Returns the entries that would allow what `records` show as denied and `index` would still deny: exact names and
/// ports, never a wildcard, nothing that a rule blocks, and no host that agents request on their own and do not need.
Suggestion suggest(const std::vector<firewall::audit::AuditRecord>& records, const policy::EgressIndex& index);

/// Returns the suggestion as TOML with comments. Everything is escaped.
std::string to_toml(const Suggestion& suggestion);

} // namespace agentbox::network
