// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "policy/policy.hpp"

namespace agentbox::oci {

/// The pod of a box: "agentbox-NAME". Also the host name of the firewall's container, as Podman does it.
std::string pod_name(const policy::PolicyFields& fields);

/// The agent container's whole argv: agent-entrypoint, `agent` or `exec`, and what it shall start.
std::vector<std::string> agent_argv(const policy::PolicyFields& fields);

/// The firewall container's whole argv. No word has a blank in it: Podman splits --infra-command at blanks.
std::vector<std::string> firewall_argv(const policy::PolicyFields& fields, const std::string& nonce);

} // namespace agentbox::oci
