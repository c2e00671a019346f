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

/// Adds a default route through `lo` in both families, for packets without `mark`, behind every other route: what has
/// no route yet, or never (IPv6), reaches the ruleset and is rejected and logged like all else. Without it the answer
/// would be ENETUNREACH until the uplink's routes come, and ECONNREFUSED afterwards. Without IPv6 in the kernel or on
/// `lo`, that family is left out. Throws support::Error(failed).
void add_fallback_routes(std::uint32_t mark);

using policy::Address16;

/// The addresses that stand for this machine and its host: every address of the box's own interfaces and every gateway.
/// Throws support::Error(failed).
std::vector<Address16> own_addresses();

/// The gateways of the default routes of `family` (AF_INET or AF_INET6), the preferred one first. Under slirp4netns,
/// and pasta with --map-gw, they stand for the host's own loopback. Throws support::Error(failed).
std::vector<Address16> default_gateways(int family);

} // namespace agentbox::firewall::netlink
