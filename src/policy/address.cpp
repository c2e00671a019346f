// SPDX-License-Identifier: Apache-2.0
#include "policy/address.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cstddef>
#include <cstring>
#include <netinet/in.h>

namespace agentbox::policy {
namespace {

struct Block4 {
  std::uint32_t base;
  unsigned prefix;
  AddressClass kind;
};

// The documentation ranges (192.0.2.0/24 and the like) are left out: no host has one, and test networks use them.
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

AddressClass classify6(const Address16& address) {
  if ((address[0] & 0xFEU) == 0xFCU) {
    return AddressClass::private_use; // fc00::/7
  }
  if (word(address, 0) == 0x0064FF9BU && address[4] == 0 && address[5] == 1) {
    return AddressClass::private_use; // 64:ff9b:1::/48, NAT64 for local use
  }
  // Global unicast is 2000::/3; everything else is loopback, unspecified, link- or site-local, multicast, discard
  // or not assigned.
  return (address[0] & 0xE0U) == 0x20U ? AddressClass::global : AddressClass::forbidden;
}

} // namespace

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

AddressClass classify(const Address16& address) {
  if (const auto inner = embedded4(address)) {
    return classify4(*inner);
  }
  return classify6(address);
}

bool is_v4(const Address16& address) noexcept {
  return std::all_of(address.begin(), address.begin() + 10, [](std::uint8_t byte) { return byte == 0; }) &&
         address[10] == 0xFF && address[11] == 0xFF;
}

std::string address_text(const Address16& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const bool four = is_v4(address);
  ::inet_ntop(four ? AF_INET : AF_INET6, address.data() + (four ? 12 : 0), text.data(), text.size());
  return text.data();
}

std::optional<Address16> parse_address(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) {
    return std::nullopt;
  }
  const std::string copy(text);
  Address16 address{};
  if (::inet_pton(AF_INET, copy.c_str(), address.data() + 12) == 1) {
    address[10] = address[11] = 0xFF;
    return address;
  }
  if (::inet_pton(AF_INET6, copy.c_str(), address.data()) != 1 || is_v4(address)) {
    return std::nullopt;
  }
  return address;
}

bool AddressEntry::covers(const Address16& address) const noexcept {
  const std::size_t whole = prefix / 8U;
  if (std::memcmp(base.data(), address.data(), whole) != 0) {
    return false;
  }
  const unsigned rest = prefix % 8U;
  return rest == 0 || ((base[whole] ^ address[whole]) >> (8U - rest)) == 0;
}

std::string AddressEntry::block_text() const {
  constexpr unsigned k_whole = 128;
  constexpr unsigned k_before_v4 = 96;
  const std::string text = address_text(base);
  return prefix == k_whole ? text : text + "/" + std::to_string(is_v4(base) ? prefix - k_before_v4 : prefix);
}

std::string AddressEntry::text() const {
  const std::string block = block_text();
  return (is_v4(base) ? block : "[" + block + "]") + ":" + std::to_string(port);
}

} // namespace agentbox::policy
