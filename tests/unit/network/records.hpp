// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "firewall/audit/audit_record.hpp"

namespace agentbox::test {

/// Returns a record as a firewall writes it.
inline firewall::audit::AuditRecord record(firewall::audit::Kind kind, const std::string& name, std::uint16_t port,
                                           const std::string& reason,
                                           const std::string& time = "2026-01-31T12:00:00.000Z") {
  firewall::audit::AuditRecord one;
  one.time = time;
  one.box = "b";
  one.kind = kind;
  one.name = name;
  one.port = port;
  one.protocol = kind == firewall::audit::Kind::dns ? "dns" : "tcp";
  one.reason = firewall::audit::parse_reason(reason);
  one.verdict = reason == "allowed" ? firewall::audit::Verdict::allow : firewall::audit::Verdict::deny;
  return one;
}

} // namespace agentbox::test
