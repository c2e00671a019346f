// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "firewall/audit/audit_record.hpp"
#include "firewall/names/address_pool.hpp"
#include "firewall/names/live_list.hpp"
#include "policy/egress_index.hpp"

namespace agentbox::firewall::names {

audit::Reason reason_of(const policy::EgressDecision& decision);

inline audit::DecidedBy decider_of(const policy::EgressDecision& decision) {
  return decision.live ? audit::DecidedBy::user : audit::DecidedBy::policy;
}

/// The hosts that the box may reach, with their virtual addresses; used by DNS and the proxy. Combines the policy that
/// the box was started with and the user's live changes: a denial overrides everything, a grant overrides everything
/// but the policy's blocks.
class Directory {
public:
  explicit Directory(policy::EgressPolicy policy)
      : m_index(std::move(policy)), m_addresses(m_index.policy().virtual_range) {}

  struct NameLookup {
    policy::EgressDecision decision;
    std::optional<std::uint32_t> address; ///< of an allowed name; nullopt if the pool is exhausted
  };

  /// Returns the decision for DNS on canonical name `host`, and its address if it is allowed.
  NameLookup look_up(std::string_view host, AddressPool::Clock::time_point now);

  /// Returns the name at virtual address `address` (host byte order), or nullptr if no name has it.
  std::shared_ptr<const NamedAddress> at(std::uint32_t address) const { return m_addresses.find(address); }

  /// Returns the decision for the proxy on `port` of canonical name `host`.
  policy::EgressDecision decide(std::string_view host, std::uint16_t port) const;
  bool ech_allowed(std::string_view host) const { return m_index.ech_allowed(host); }
  bool private_allowed(std::string_view host) const { return m_index.private_allowed(host); }
  const policy::VirtualRange& range() const noexcept { return m_index.policy().virtual_range; }
  const policy::EgressPolicy& policy() const noexcept { return m_index.policy(); }
  policy::EgressDecision decide_address(const policy::Address16& address, std::uint16_t port) const {
    return m_index.decide_address(address, port);
  }
  std::optional<policy::EgressIndex::Upload> upload_limit(std::string_view host, const std::string& rule) const {
    return m_index.upload_limit(host, rule);
  }

  /// Returns the policy without live changes.
  const policy::EgressIndex& index() const noexcept { return m_index; }
  LiveList& live() noexcept { return m_live; }
  const LiveList& live() const noexcept { return m_live; }

private:
  policy::EgressDecision with_changes(policy::EgressDecision decision, std::string_view host,
                                      std::optional<std::uint16_t> port) const;

  policy::EgressIndex m_index;
  LiveList m_live;
  VirtualAddresses m_addresses;
};

} // namespace agentbox::firewall::names
