// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <vector>

#include "policy/address.hpp"
#include "policy/egress.hpp"

namespace agentbox::firewall::netlink {

/// Brings `lo` up and makes `range` a local route on it (ip route replace local RANGE dev lo), so that virtual
/// addresses are the box's own. Throws support::Error(failed).
void add_local_route(const policy::VirtualRange& range);

using policy::Address16;

/// The addresses that stand for this machine and its host: every address of the box's own interfaces and every gateway.
/// Throws support::Error(failed).
std::vector<Address16> own_addresses();

/// The IPv4 address of the default route's gateway; nothing when there is none. Under slirp4netns, and pasta with
/// --map-gw, it stands for the host's own loopback. Throws support::Error(failed).
std::optional<Address16> default_gateway();

} // namespace agentbox::firewall::netlink
