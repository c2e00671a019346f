// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "policy/address.hpp"
#include "policy/egress.hpp"

namespace agentbox::firewall::netlink {

/// Brings `lo` up and makes `range` a local route on it (ip route replace local RANGE dev lo), so that virtual
/// addresses are the box's own. Throws support::Error(failed).
void add_local_route(const policy::VirtualRange& range);

/// Adds a default route through `lo` in both families, for packets without `mark`, with the lowest priority, so that
/// packets without a route still reach the ruleset and are rejected and logged. Without it the error would be
/// ENETUNREACH until the uplink's routes exist, and ECONNREFUSED afterwards. Skips IPv6 if the kernel or `lo` has none.
/// Throws support::Error(failed).
void add_fallback_routes(std::uint32_t mark);

using policy::Address16;

/// Returns the addresses that map to the host: every address of the box's own interfaces and every gateway.
/// Throws support::Error(failed).
std::vector<Address16> own_addresses();

/// Returns the gateways of the default routes of `family` (AF_INET or AF_INET6), the preferred one first. Under
/// slirp4netns, and pasta with --map-gw, they map to the host's loopback. Throws support::Error(failed).
std::vector<Address16> default_gateways(int family);

} // namespace agentbox::firewall::netlink
