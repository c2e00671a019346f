// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>
#include <vector>

#include "policy/address.hpp"
#include "policy/egress.hpp"

namespace agentbox::firewall::upstream {

using policy::Address16;
using policy::AddressClass;
using policy::classify;

/// Why a name must not be dialled at `address`, as a literal, or an empty string when it may: `classify`, the box's own
/// virtual range, and `own`: the addresses of the box, the host and the gateways. Pure.
std::string_view refusal(const Address16& address, bool private_allowed, const policy::VirtualRange& range,
                         const std::vector<Address16>& own);

} // namespace agentbox::firewall::upstream
