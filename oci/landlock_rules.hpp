// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "oci/host_facts.hpp"
#include "policy/policy.hpp"

namespace agentbox::oci {

/// Returns the value of AGENTBOX_LANDLOCK (protocol.hpp): what the agent may do with which files. Empty when
/// `facts.landlock_abi` is 0.
std::string landlock_rules(const policy::PolicyFields& fields, const HostFacts& facts);

} // namespace agentbox::oci
