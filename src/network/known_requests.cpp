// SPDX-License-Identifier: Apache-2.0
#include "network/known_requests.hpp"

#include <algorithm>

namespace agentbox::network {

using firewall::audit::AuditRecord;
using firewall::audit::Kind;
using firewall::audit::Verdict;

bool KnownRequests::use_up(const firewall::audit::AuditRecord& record) {
  const auto found = std::find_if(m_expected.begin(), m_expected.end(), [&](const agents::KnownRequest& request) {
    return record.kind == Kind::dns && record.verdict == Verdict::deny && record.name == request.host &&
           request.lookups > 0;
  });
  if (found == m_expected.end()) {
    return false;
  }
  --found->lookups;
  return true;
}

} // namespace agentbox::network
