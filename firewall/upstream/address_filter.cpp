// SPDX-License-Identifier: Apache-2.0
#include "firewall/upstream/address_filter.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace agentbox::firewall::upstream {
namespace {

struct Block4 {
  std::uint32_t base;
  unsigned prefix;
  AddressClass kind;
};

// The documentation ranges (192.0.2.0/24 and the like) are left out: nobody is there, and test networks live in them.
constexpr std::array<Block4, 14> k_blocks4 = {{
    {0x00000000U, 8, AddressClass::forbidden},    // 0.0.0.0/8, "this network": 0.0.0.0 means loopback to connect(2)
    {0x0A000000U, 8, AddressClass::private_use},  // 10.0.0.0/8
    {0x64400000U, 10, AddressClass::private_use}, // 100.64.0.0/10, carrier-grade NAT
    {0x7F000000U, 8, AddressClass::forbidden},    // 127.0.0.0/8
    {0xA83F8110U, 32, AddressClass::forbidden},   // 168.63.129.16, Azure's host agent
    {0xA9FE0000U, 16, AddressClass::forbidden},   // 169.254.0.0/16, link-local and metadata
    {0xAC100000U, 12, AddressClass::private_use}, // 172.16.0.0/12
    {0xC0000000U, 24, AddressClass::forbidden},   // 192.0.0.0/24, protocol assignments
    {0xC0586300U, 24, AddressClass::forbidden},   // 192.88.99.0/24, 6to4 relays
    {0xC0A80000U, 16, AddressClass::private_use}, // 192.168.0.0/16
    {0xC6120000U, 15, AddressClass::forbidden},   // 198.18.0.0/15, benchmarking
    {0xE0000000U, 4, AddressClass::forbidden},    // multicast
    {0xF0000000U, 4, AddressClass::forbidden},    // reserved
    {0xFFFFFFFFU, 32, AddressClass::forbidden},   // broadcast
}};

AddressClass classify4(std::uint32_t address) {
  for (const Block4& block : k_blocks4) {
    if (((address ^ block.base) >> (32U - block.prefix)) == 0) {
      return block.kind;
    }
  }
  return AddressClass::global;
}

std::uint32_t word(const Address16& address, std::size_t offset) {
  return (std::uint32_t{address[offset]} << 24U) | (std::uint32_t{address[offset + 1]} << 16U) |
         (std::uint32_t{address[offset + 2]} << 8U) | address[offset + 3];
}

bool zero(const Address16& address, std::size_t from, std::size_t to) {
  return std::all_of(address.begin() + static_cast<std::ptrdiff_t>(from),
                     address.begin() + static_cast<std::ptrdiff_t>(to), [](std::uint8_t byte) { return byte == 0; });
}

/// The IPv4 address that an IPv6 address leads to by one of the transition mechanisms.
std::optional<std::uint32_t> embedded4(const Address16& address) {
  if (zero(address, 0, 10) && address[10] == 0xFF && address[11] == 0xFF) {
    return word(address, 12); // ::ffff:0:0/96, mapped
  }
  if (zero(address, 0, 12) && word(address, 12) > 0xFFFFU) {
    return word(address, 12); // ::/96, compatible (deprecated); :: and ::1 are not
  }
  if (word(address, 0) == 0x0064FF9BU && zero(address, 4, 12)) {
    return word(address, 12); // 64:ff9b::/96, NAT64
  }
  if (word(address, 0) >> 16U == 0x2002U) {
    return word(address, 2); // 2002::/16, 6to4
  }
  if (word(address, 0) == 0x20010000U) {
    return ~word(address, 12); // 2001::/32, Teredo: the client's address, inverted
  }
  if ((word(address, 8) & 0xFCFFFFFFU) == 0x00005EFEU) {
    return word(address, 12); // ISATAP
  }
  return std::nullopt;
}

AddressClass classify6(const Address16& address) {
  if ((address[0] & 0xFEU) == 0xFCU) {
    return AddressClass::private_use; // fc00::/7
  }
  if (word(address, 0) == 0x0064FF9BU && address[4] == 0 && address[5] == 1) {
    return AddressClass::private_use; // 64:ff9b:1::/48, NAT64 of one's own network
  }
  // Global unicast is 2000::/3; all that lies outside is loopback, unspecified, link- or site-local, multicast, discard
  // or not assigned.
  return (address[0] & 0xE0U) == 0x20U ? AddressClass::global : AddressClass::forbidden;
}

} // namespace

AddressClass classify(const Address16& address) {
  if (const auto inner = embedded4(address)) {
    return classify4(*inner);
  }
  return classify6(address);
}

std::string_view refusal(const Address16& address, bool private_allowed, const policy::VirtualRange& range,
                         const std::vector<Address16>& own) {
  if (const auto inner = embedded4(address); inner && ((*inner ^ range.base) >> (32U - range.prefix)) == 0) {
    return "it leads into the box's own virtual range";
  }
  if (std::find(own.begin(), own.end(), address) != own.end()) {
    return "it leads to this machine";
  }
  switch (classify(address)) {
  case AddressClass::global: return {};
  case AddressClass::private_use: return private_allowed ? std::string_view() : "it leads to a private address";
  case AddressClass::forbidden: break;
  }
  return "it leads to a loopback, link-local, multicast or reserved address";
}

} // namespace agentbox::firewall::upstream
