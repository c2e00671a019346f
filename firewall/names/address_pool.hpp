// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/egress.hpp"

namespace agentbox::firewall::names {

/// A name and its virtual address. The address is not reused while a connection holds this object.
struct NamedAddress {
  std::string name;
  std::uint32_t address = 0; ///< host byte order
  std::chrono::steady_clock::time_point last_used;
};

/// A part of the virtual range. When it is full, a new name gets the least recently used address, but never one that a
/// connection holds or that a resolver in the box may still cache.
class AddressPool {
public:
  using Clock = std::chrono::steady_clock;
  /// An unused address is reused only after this time, well above the TTL of the answers.
  static constexpr std::chrono::seconds k_rest{60};

  /// Holds `size` addresses from `first` on (host byte order).
  AddressPool(std::uint32_t first, std::uint32_t size) : m_first(first), m_size(size) {}

  /// Returns the address of `name`, and assigns one if needed. Nullopt if all are held or were used within k_rest.
  std::optional<std::uint32_t> address_of(std::string_view name, Clock::time_point now);

  /// Returns the entry at `address`, or nullptr if no name has it.
  std::shared_ptr<const NamedAddress> find(std::uint32_t address) const;

  bool contains(std::uint32_t address) const noexcept { return address - m_first < m_size; }
  std::size_t used() const noexcept { return m_entries.size(); }

private:
  using Entries = std::list<std::shared_ptr<NamedAddress>>; // least recently used first

  std::optional<Entries::iterator> recycle(Clock::time_point now);

  std::uint32_t m_first;
  std::uint32_t m_size;
  Entries m_entries;
  std::vector<Entries::iterator> m_by_address;             // by offset; filled from the front
  std::map<std::string_view, Entries::iterator> m_by_name; // ordered: no hash for the agent to flood
};

/// All virtual addresses of a box. Exact names have a separate part, so that a flood of names under a wildcard cannot
/// use up their addresses.
class VirtualAddresses {
public:
  /// Maximum number of names under wildcards that have an address at the same time.
  static constexpr std::uint32_t k_wildcard_names = 16384;

  explicit VirtualAddresses(const policy::VirtualRange& range);

  std::optional<std::uint32_t> address_of(std::string_view name, bool wildcard, AddressPool::Clock::time_point now);
  /// Returns the entry at `address`, or nullptr if no name has it.
  std::shared_ptr<const NamedAddress> find(std::uint32_t address) const;

private:
  std::uint32_t m_wildcard_size;
  AddressPool m_exact;
  AddressPool m_wildcard;
};

} // namespace agentbox::firewall::names
