// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>
#include <vector>

#include "firewall/netlink/route.hpp"
#include "policy/egress.hpp"

namespace agentbox::firewall::upstream {

using netlink::Address16;

/// What an upstream address is, by the registries of special-purpose addresses (RFC 6890).
enum class AddressClass {
  global,
  private_use, ///< RFC 1918, RFC 4193, carrier-grade NAT: only for names with allow_private
  forbidden,   ///< loopback, link-local (with the clouds' metadata), multicast, unspecified, reserved: for no name
};

/// Classifies `address` (IPv4 as ::ffff:a.b.c.d). IPv4 inside IPv6 (mapped, compatible, 6to4, NAT64, Teredo, ISATAP) is
/// classified by the IPv4 address that a packet would end at. Pure.
AddressClass classify(const Address16& address);

/// Why a name must not be dialled at `address`, as a literal, or an empty string when it may: `classify`, the box's own
/// virtual range, and `own`: the addresses of the box, the host and the gateways. Pure.
std::string_view refusal(const Address16& address, bool private_allowed, const policy::VirtualRange& range,
                         const std::vector<Address16>& own);

} // namespace agentbox::firewall::upstream
