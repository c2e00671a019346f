// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "policy/egress.hpp"

namespace agentbox::firewall::netlink {

/// Brings `lo` up and makes `range` a local route on it (ip route replace local RANGE dev lo), so that virtual
/// addresses are the box's own. Throws support::Error(failed).
void add_local_route(const policy::VirtualRange& range);

/// An address in 16 bytes; IPv4 as ::ffff:a.b.c.d.
using Address16 = std::array<std::uint8_t, 16>;

/// The addresses that stand for this machine and its host: every address of the box's own interfaces and every gateway.
/// Throws support::Error(failed).
std::vector<Address16> own_addresses();

} // namespace agentbox::firewall::netlink
