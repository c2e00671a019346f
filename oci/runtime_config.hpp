// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <nlohmann/json_fwd.hpp>

#include "oci/host_facts.hpp"
#include "policy/policy.hpp"

namespace agentbox::oci {

/// Returns the agent container's complete config.json (OCI runtime-spec 1.0.2). Pure: same input, same bytes.
/// Throws support::Error(refused) when this host cannot enforce the policy: no seccomp profile to derive ours from, or
/// a memory or CPU limit without its cgroup controller.
nlohmann::json render_agent(const policy::Policy& policy, const HostFacts& facts);

/// Returns the firewall container's complete config.json, like render_agent().
nlohmann::json render_firewall(const policy::Policy& policy, const HostFacts& facts);

/// Returns the agent's /etc/hosts: its own name, and none of the host's.
std::string agent_hosts(const policy::PolicyFields& fields);

/// Returns the agent's /etc/resolv.conf, with the firewall as the only resolver. Empty with --full-network, where
/// Podman writes it.
std::string agent_resolv_conf(const policy::PolicyFields& fields);

/// Returns `config` as text for a file: keys sorted, two-space indent, final newline.
std::string config_text(const nlohmann::json& config);

} // namespace agentbox::oci
