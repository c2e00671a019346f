// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "policy/egress_index.hpp"

namespace agentbox::firewall::proxy {

/// The bytes that the box may still send, by pattern of the limit: all connections and names under one pattern share a
/// budget. At most as many budgets as the policy has entries.
class UploadBudgets {
public:
  /// Returns the bytes left under `limit`, to be decremented by senders. Valid as long as this object exists.
  std::uint64_t& of(const policy::EgressIndex::Upload& limit) {
    return m_left.try_emplace(limit.pattern, limit.bytes).first->second;
  }

private:
  std::map<std::string, std::uint64_t> m_left;
};

} // namespace agentbox::firewall::proxy
