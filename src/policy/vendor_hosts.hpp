// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "policy/policy.hpp"

namespace agentbox::policy {

/// The hosts of a built-in agent's vendor that it talks to; one of them is enough. Empty for agents of a config.
const std::vector<std::string>& vendor_hosts(std::string_view agent);

/// The vendor's hosts when the box can reach none of them although its agent is to be started, empty when all is well:
/// agents try for minutes before they say that their vendor does not answer. Another provider named by a variable of
/// the box (ANTHROPIC_BASE_URL and the like), and --full-network, are the user's own affair.
std::vector<std::string> unreachable_vendor(const PolicyFields& fields);

} // namespace agentbox::policy
