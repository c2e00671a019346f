// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "policy/policy.hpp"

namespace agentbox::oci {

/// The agent's /etc/hosts: itself, and no name of the host's.
std::string agent_hosts(const policy::PolicyFields& fields);

/// The agent's /etc/resolv.conf: the firewall, and no other resolver. Empty under --full-network, where it is Podman's.
std::string agent_resolv_conf(const policy::PolicyFields& fields);

} // namespace agentbox::oci
