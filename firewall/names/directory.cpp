// SPDX-License-Identifier: Apache-2.0
#include "firewall/names/directory.hpp"

namespace agentbox::firewall::names {

Directory::Found Directory::look_up(std::string_view host, AddressPool::Clock::time_point now) {
  Found found{m_index.decide(host), std::nullopt};
  if (found.decision.allowed()) {
    const bool wildcard = found.decision.rule.starts_with("*.");
    found.address = m_addresses.address_of(host, wildcard, now);
  }
  return found;
}

} // namespace agentbox::firewall::names
