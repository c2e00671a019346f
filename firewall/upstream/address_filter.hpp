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

/// Returns why `address` must not be dialled, as a literal, or an empty string if it may be. Denies the virtual range,
/// `own` (addresses of the box, the host and the gateways), and addresses of a class that is not allowed. Pure.
std::string_view refusal(const Address16& address, bool private_allowed, const policy::VirtualRange& range,
                         const std::vector<Address16>& own);

} // namespace agentbox::firewall::upstream
