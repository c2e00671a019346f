// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <utility>
#include <vector>

#include "firewall/audit/audit_record.hpp"
#include "policy/vendor_hosts.hpp"

namespace agentbox::network {

/// Tells the requests that an agent makes at each start from those that somebody has to hear of.
class KnownRequests {
public:
  explicit KnownRequests(std::vector<policy::KnownRequest> expected = {}) : m_expected(std::move(expected)) {}

  /// Whether `record` is one of them; each is known as often as the agent makes it, and no more.
  bool take(const firewall::audit::AuditRecord& record);

private:
  std::vector<policy::KnownRequest> m_expected;
};

} // namespace agentbox::network
