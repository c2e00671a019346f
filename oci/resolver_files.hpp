// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "policy/policy.hpp"

namespace agentbox::oci {

/// Returns the agent's /etc/hosts: its own name, and none of the host's.
std::string agent_hosts(const policy::PolicyFields& fields);

/// Returns the agent's /etc/resolv.conf, with the firewall as the only resolver. Empty with --full-network, where
/// Podman writes it.
std::string agent_resolv_conf(const policy::PolicyFields& fields);

} // namespace agentbox::oci
