// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace agentbox::policy {

/// An address in 16 bytes, network order; IPv4 as ::ffff:a.b.c.d.
using Address16 = std::array<std::uint8_t, 16>;

/// What an address is, by the registries of special-purpose addresses (RFC 6890).
enum class AddressClass {
  global,
  private_use, ///< RFC 1918, RFC 4193, carrier-grade NAT
  forbidden,   ///< loopback, link-local (with the clouds' metadata), multicast, unspecified, reserved
};

/// Classifies `address`. IPv4 inside IPv6 (mapped, compatible, 6to4, NAT64, Teredo, ISATAP) is classified by the IPv4
/// address that a packet would end at. Pure.
AddressClass classify(const Address16& address);

/// The IPv4 address, in host byte order, that `address` leads to by being one or by a transition mechanism.
std::optional<std::uint32_t> embedded4(const Address16& address);

/// Whether `address` is written as IPv4 (::ffff:0:0/96).
bool is_v4(const Address16& address) noexcept;

/// "203.0.113.5" or "2001:db8::1".
std::string address_text(const Address16& address);

/// The address that `text` is, in strict notation (inet_pton(3)). IPv4 inside ::ffff:0:0/96 must be written as IPv4.
std::optional<Address16> parse_address(std::string_view text);

/// One address, or a block of them, with one TCP port: a service that has no name.
struct AddressEntry {
  Address16 base{};
  std::uint8_t prefix = 128; ///< of the 16 bytes: an IPv4 /24 has 120
  std::uint16_t port = 0;

  /// Whether `address` lies in the block.
  bool covers(const Address16& address) const noexcept;
  /// "10.0.0.0/24" or "fd00::5": without the port.
  std::string block_text() const;
  /// As it is written in a configuration: "10.0.0.5:5432", "10.0.0.0/24:5432", "[fd00::5]:5432".
  std::string text() const;
  bool operator==(const AddressEntry&) const = default;
  auto operator<=>(const AddressEntry&) const = default; // NOLINT(modernize-use-nullptr): clang-tidy 14 is wrong
};

} // namespace agentbox::policy
