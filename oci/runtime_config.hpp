// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <nlohmann/json_fwd.hpp>

#include "oci/host_facts.hpp"
#include "policy/policy.hpp"

namespace agentbox::oci {

/// The agent container's complete config.json (OCI runtime-spec 1.0.2). Pure, and the same bytes for the same input.
/// Throws support::Error(refused) when this host cannot enforce what the policy asks for: no seccomp profile to
/// derive ours from, a memory or CPU limit without its cgroup controller.
nlohmann::json render_agent(const policy::Policy& policy, const HostFacts& facts);

/// The firewall container's complete config.json. Same promises as render_agent().
nlohmann::json render_firewall(const policy::Policy& policy, const HostFacts& facts);

/// `config` as it is written to a file: keys sorted, two-space indent, final newline.
std::string config_text(const nlohmann::json& config);

} // namespace agentbox::oci
