// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <utility>
#include <vector>

#include "agents/agent_data.hpp"
#include "firewall/audit/audit_record.hpp"

namespace agentbox::network {

/// The requests that an agent always makes at start and can do without, which are not reported.
class KnownRequests {
public:
  explicit KnownRequests(std::vector<agents::KnownRequest> expected = {}) : m_expected(std::move(expected)) {}

  /// Returns whether `record` is one of them, and uses it up: each counts as many times as the agent makes it.
  bool use_up(const firewall::audit::AuditRecord& record);

private:
  std::vector<agents::KnownRequest> m_expected;
};

} // namespace agentbox::network
