// SPDX-License-Identifier: Apache-2.0
#include "policy/egress_index.hpp"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "support/sorted.hpp"

namespace agentbox::policy {
namespace {

using Verdict = EgressDecision::Verdict;

const HostPattern& pattern_of(const HostEntry& entry) {
  return entry.pattern;
}
const HostPattern& pattern_of(const UploadLimit& limit) {
  return limit.pattern;
}
const HostPattern& pattern_of(const HostPattern& pattern) {
  return pattern;
}

/// Returns the items of a sorted list whose name is exactly `name`. They are adjacent, because it is sorted by name
/// first.
template <typename Item>
std::span<const Item> with_name(const std::vector<Item>& items, std::string_view name) {
  const auto first = std::lower_bound(items.begin(), items.end(), name, [](const Item& item, std::string_view wanted) {
    return pattern_of(item).name < wanted;
  });
  auto last = first;
  while (last != items.end() && pattern_of(*last).name == name) {
    ++last;
  }
  return {first, last};
}

/// Calls `visit` with every item that covers `host`, nearest name first, until it returns true.
template <typename Item, typename Visit>
void for_each_cover(const std::vector<Item>& items, std::string_view host, Visit visit) {
  bool is_host_itself = true;
  std::string_view name = host;
  while (!items.empty()) {
    for (const Item& item : with_name(items, name)) {
      if (pattern_of(item).subdomains != is_host_itself && visit(item)) {
        return;
      }
    }
    const auto dot = name.find('.');
    if (dot == std::string_view::npos) {
      return;
    }
    name.remove_prefix(dot + 1);
    is_host_itself = false;
  }
}

const HostPattern* find_cover(const std::vector<HostPattern>& patterns, std::string_view host) {
  const HostPattern* found = nullptr;
  for_each_cover(patterns, host, [&](const HostPattern& pattern) {
    found = &pattern;
    return true;
  });
  return found;
}

} // namespace

EgressIndex::EgressIndex(EgressPolicy policy) : m_policy(std::move(policy)) {
  support::sort_unique(m_policy.allow);
  support::sort_unique(m_policy.block);
  support::sort_unique(m_policy.allow_ech);
  support::sort_unique(m_policy.allow_private);
  support::sort_unique(m_policy.upload_limits);
}

EgressDecision EgressIndex::decide(std::string_view host, std::optional<std::uint16_t> port) const {
  if (!is_canonical_name(host)) {
    return {Verdict::bad_name, ""};
  }
  if (const HostPattern* block = find_cover(m_policy.block, host)) {
    return {Verdict::blocked, block->text()};
  }
  if (host == k_host_name) {
    return decide_host(port.value_or(m_policy.host_ports.empty() ? 0 : m_policy.host_ports.front()));
  }
  EgressDecision decision;
  for_each_cover(m_policy.allow, host, [&](const HostEntry& entry) {
    if (entry.port == port.value_or(entry.port)) {
      decision = {Verdict::allowed, entry.text()};
      return true;
    }
    if (decision.verdict == Verdict::not_listed) {
      decision = {Verdict::port_not_listed, entry.text()};
    }
    return false;
  });
  return decision;
}

EgressDecision EgressIndex::decide_host(std::uint16_t port) const {
  const auto& ports = m_policy.host_ports;
  if (std::binary_search(ports.begin(), ports.end(), port)) {
    return {Verdict::allowed, std::string(k_host_alias) + ":" + std::to_string(port)};
  }
  return {ports.empty() ? Verdict::not_listed : Verdict::port_not_listed, ""};
}

EgressDecision EgressIndex::decide_address(const Address16& address, std::uint16_t port) const {
  EgressDecision decision;
  for (const AddressEntry& entry : m_policy.allow_addresses) { // few: k_max_addresses
    if (!entry.covers(address)) {
      continue;
    }
    if (entry.port == port) {
      return {Verdict::allowed, entry.text()};
    }
    decision = {Verdict::port_not_listed, entry.text()};
  }
  return decision;
}

std::optional<EgressIndex::Upload> EgressIndex::upload_limit(std::string_view host, const std::string& rule) const {
  std::optional<Upload> found;
  for_each_cover(m_policy.upload_limits, host, [&](const UploadLimit& limit) {
    found = Upload{limit.pattern.text(), limit.bytes};
    return true;
  });
  if (!found && m_policy.max_upload) {
    found = Upload{rule, *m_policy.max_upload};
  }
  return found;
}

bool EgressIndex::ech_allowed(std::string_view host) const {
  return find_cover(m_policy.allow_ech, host) != nullptr;
}

bool EgressIndex::private_allowed(std::string_view host) const {
  return find_cover(m_policy.allow_private, host) != nullptr;
}

} // namespace agentbox::policy
