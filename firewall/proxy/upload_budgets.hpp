// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "policy/egress_index.hpp"

namespace agentbox::firewall::proxy {

/// How many bytes the session may still send, by the pattern that a limit holds for: many connections, and many names
/// under one wildcard, share one budget. As many budgets as the policy has entries, at most.
class UploadBudgets {
public:
  /// The bytes that are left for what `limit` holds for; counted down by whoever sends. Valid as long as this object.
  std::uint64_t& of(const policy::EgressIndex::Upload& limit) {
    return m_left.try_emplace(limit.pattern, limit.bytes).first->second;
  }

private:
  std::map<std::string, std::uint64_t> m_left;
};

} // namespace agentbox::firewall::proxy
