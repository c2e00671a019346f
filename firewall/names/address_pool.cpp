// SPDX-License-Identifier: Apache-2.0
#include "firewall/names/address_pool.hpp"

#include <algorithm>
#include <utility>

namespace agentbox::firewall::names {
namespace {

/// Returns the number of usable addresses: all but the first and last, which look like network and broadcast
/// addresses.
std::uint32_t usable(const policy::VirtualRange& range) {
  const std::uint64_t size = std::uint64_t{1} << (32U - range.prefix);
  return static_cast<std::uint32_t>(std::max<std::uint64_t>(size, 4) - 2);
}

std::uint32_t wildcard_share(const policy::VirtualRange& range) {
  return std::min(VirtualAddresses::k_wildcard_names, usable(range) / 2);
}

} // namespace

std::optional<std::uint32_t> AddressPool::address_of(std::string_view name, Clock::time_point now) {
  if (const auto known = m_by_name.find(name); known != m_by_name.end()) {
    const Entries::iterator place = known->second;
    (*place)->last_used = now;
    m_entries.splice(m_entries.end(), m_entries, place);
    return (*place)->address;
  }
  // Everything that may throw comes first: no name may be left with half an entry, or with another name's address.
  std::string own_name(name);
  if (m_entries.size() < m_size) {
    const std::uint32_t address = m_first + static_cast<std::uint32_t>(m_by_address.size());
    if (m_by_address.size() == m_by_address.capacity()) {
      m_by_address.reserve(2 * m_by_address.size() + 1);
    }
    Entries entry;
    entry.push_back(std::make_shared<NamedAddress>(NamedAddress{std::move(own_name), address, now}));
    m_by_name.emplace(entry.front()->name, entry.begin());
    m_by_address.push_back(entry.begin());
    m_entries.splice(m_entries.end(), entry);
    return address;
  }
  const auto old = recycle(now);
  if (!old) {
    return std::nullopt;
  }
  NamedAddress& entry = **old.value();
  auto node = m_by_name.extract(entry.name);
  entry.name = std::move(own_name);
  entry.last_used = now;
  node.key() = entry.name;
  m_by_name.insert(std::move(node));
  m_entries.splice(m_entries.end(), m_entries, *old);
  return entry.address;
}

std::optional<AddressPool::Entries::iterator> AddressPool::recycle(Clock::time_point now) {
  // Held entries gather at the front; each one found is moved to the back, so that the next search skips it.
  for (std::size_t looked = 0; looked < m_entries.size(); ++looked) {
    const auto oldest = m_entries.begin();
    if (now - (*oldest)->last_used < k_rest) {
      return std::nullopt; // all after it were used more recently
    }
    if (oldest->use_count() == 1) {
      return oldest;
    }
    (*oldest)->last_used = now;
    m_entries.splice(m_entries.end(), m_entries, oldest);
  }
  return std::nullopt;
}

std::shared_ptr<const NamedAddress> AddressPool::find(std::uint32_t address) const {
  const std::uint32_t offset = address - m_first;
  return offset < m_by_address.size() ? *m_by_address[offset] : nullptr;
}

VirtualAddresses::VirtualAddresses(const policy::VirtualRange& range)
    : m_wildcard_size(wildcard_share(range)), m_exact(range.base + 1, usable(range) - m_wildcard_size),
      m_wildcard(range.base + 1 + usable(range) - m_wildcard_size, m_wildcard_size) {}

std::optional<std::uint32_t> VirtualAddresses::address_of(std::string_view name, bool wildcard,
                                                          AddressPool::Clock::time_point now) {
  return (wildcard ? m_wildcard : m_exact).address_of(name, now);
}

std::shared_ptr<const NamedAddress> VirtualAddresses::find(std::uint32_t address) const {
  return m_exact.contains(address) ? m_exact.find(address) : m_wildcard.find(address);
}

} // namespace agentbox::firewall::names
