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

/// Class of an address in the registries of special-purpose addresses (RFC 6890).
enum class AddressClass {
  global,
  private_use, ///< RFC 1918, RFC 4193, carrier-grade NAT
  forbidden,   ///< loopback, link-local (including cloud metadata services), multicast, unspecified, reserved
};

/// Classifies `address`. IPv4 inside IPv6 (mapped, compatible, 6to4, NAT64, Teredo, ISATAP) has the class of the IPv4
/// address that receives the packet. Pure.
AddressClass classify(const Address16& address);

/// Returns the IPv4 address, in host byte order, that `address` is or reaches via a transition mechanism.
std::optional<std::uint32_t> embedded4(const Address16& address);

/// Returns whether `address` is IPv4 (::ffff:0:0/96).
bool is_v4(const Address16& address) noexcept;

/// Returns "203.0.113.5" or "2001:db8::1".
std::string address_text(const Address16& address);

/// Parses an address in strict notation (inet_pton(3)). IPv4 inside ::ffff:0:0/96 must be written as IPv4.
std::optional<Address16> parse_address(std::string_view text);

/// One address or block of addresses with one TCP port: a service without a name.
struct AddressEntry {
  Address16 base{};
  std::uint8_t prefix = 128; ///< of the 16 bytes: an IPv4 /24 has 120
  std::uint16_t port = 0;

  /// Returns whether the block contains `address`.
  bool covers(const Address16& address) const noexcept;
  /// Returns "10.0.0.0/24" or "fd00::5", without the port.
  std::string block_text() const;
  /// Returns the form used in a configuration: "10.0.0.5:5432", "10.0.0.0/24:5432", "[fd00::5]:5432".
  std::string text() const;
  bool operator==(const AddressEntry&) const = default;
  auto operator<=>(const AddressEntry&) const = default; // NOLINT(modernize-use-nullptr): clang-tidy 14 is wrong
};

} // namespace agentbox::policy
