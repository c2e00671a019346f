// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "firewall/audit/audit_record.hpp"
#include "policy/egress_index.hpp"

namespace agentbox::network {

/// What could be added to a configuration, and what was left out on purpose.
struct Suggestion {
  struct Item {
    std::string entry; ///< for allow_hosts, or the host that is left out
    std::size_t count = 0;
    std::string last; ///< time of the last denial
    std::string note; ///< why it is left out, or what to look at before one agrees
  };
  std::vector<Item> add;
  std::vector<Item> left_out;
};

/// The fewest entries that cover what `records` say was denied and `index` would still deny: exact names and ports,
/// never a wildcard, nothing that a rule blocks, and not what the agents ask for by themselves and do without.
Suggestion suggest(const std::vector<firewall::audit::AuditRecord>& records, const policy::EgressIndex& index);

/// The suggestion as TOML for people to read. Everything in it is escaped.
std::string to_toml(const Suggestion& suggestion);

} // namespace agentbox::network
