// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "oci/about_text.hpp"
#include "oci/host_facts.hpp"
#include "policy/policy.hpp"

namespace agentbox::oci {

/// Returns the name of the box's pod, "agentbox-NAME". Podman gives the firewall's container the same host name.
std::string pod_name(const policy::PolicyFields& fields);

/// Returns the agent container's whole argv: agent-entrypoint, `agent` or `exec`, and the command it starts. An
/// agent is told about its box.
std::vector<std::string> agent_argv(const policy::PolicyFields& fields, Launcher launcher = Launcher::agentbox);

/// Returns the firewall container's whole argv. No word contains a space: Podman splits --infra-command at spaces.
std::vector<std::string> firewall_argv(const policy::PolicyFields& fields, const HostFacts& facts);

/// Returns the command that labels files moved into PROJECT for boxes whose project has SELinux level `level`.
std::string label_command(const std::string& level);

} // namespace agentbox::oci
