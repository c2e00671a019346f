// SPDX-License-Identifier: Apache-2.0
#include "firewall/names/directory.hpp"

namespace agentbox::firewall::names {

audit::Reason reason_of(const policy::EgressDecision& decision) {
  using Verdict = policy::EgressDecision::Verdict;
  switch (decision.verdict) {
  case Verdict::allowed: return audit::Reason::allowed;
  case Verdict::blocked: return audit::Reason::blocked;
  case Verdict::not_listed: return audit::Reason::not_listed;
  case Verdict::port_not_listed: return audit::Reason::port_not_listed;
  case Verdict::bad_name: break;
  }
  return audit::Reason::bad_name;
}

policy::EgressDecision Directory::with_changes(policy::EgressDecision decision, std::string_view host,
                                               std::optional<std::uint16_t> port) const {
  using Verdict = policy::EgressDecision::Verdict;
  if (m_live.empty() || decision.verdict == Verdict::bad_name || decision.verdict == Verdict::blocked) {
    return decision;
  }
  const auto now = LiveList::Clock::now();
  if (const LiveChange* denial = m_live.find_denial(host, port, now)) {
    return {Verdict::blocked, denial->host_text(), true};
  }
  // The developer's own machine can be allowed only when the box is started, and never by a wildcard.
  if (!decision.allowed() && !policy::is_host_alias(host)) {
    if (const LiveChange* grant = m_live.find_grant(host, port, now)) {
      return {Verdict::allowed, grant->host_text(), true};
    }
  }
  return decision;
}

policy::EgressDecision Directory::decide(std::string_view host, std::uint16_t port) const {
  return with_changes(m_index.decide(host, port), host, port);
}

Directory::NameLookup Directory::look_up(std::string_view host, AddressPool::Clock::time_point now) {
  NameLookup found{with_changes(m_index.decide(host), host, std::nullopt), std::nullopt};
  if (found.decision.allowed()) {
    const bool wildcard = found.decision.rule.starts_with("*.");
    found.address = m_addresses.address_of(host, wildcard, now);
  }
  return found;
}

} // namespace agentbox::firewall::names
