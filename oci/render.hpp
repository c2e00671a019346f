// SPDX-License-Identifier: Apache-2.0
// The parts of config.json. Internal to runtime_config.cpp.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "oci/host_facts.hpp"
#include "policy/policy.hpp"

namespace agentbox::oci {

/// Returns OCI process.capabilities: exactly `names` in all five sets.
nlohmann::json capability_sets(const std::vector<std::string>& names);

/// Returns OCI process.rlimits: NPROC (if given) and NOFILE, capped at the launcher's hard limits, and CORE 0.
nlohmann::json resource_limits(std::optional<std::uint64_t> processes, std::uint64_t open_files,
                               const HostFacts& facts);

/// Returns OCI process.env of the agent's container: the launcher's terminal variables, the agent's own, the policy's,
/// and last, overriding all, what the box itself needs. Sorted.
nlohmann::json agent_environment(const policy::PolicyFields& fields, const HostFacts& facts);
/// Returns OCI process.env of the firewall's container.
nlohmann::json firewall_environment();

/// Returns OCI mounts of the agent's container, in mount order.
nlohmann::json agent_mounts(const policy::PolicyFields& fields, const HostFacts& facts);
/// Returns OCI mounts of the firewall's container. Never contains one of the user's paths.
nlohmann::json firewall_mounts(const HostFacts& facts);

/// Returns OCI linux.resources of the agent's container. Throws support::Error(refused) for a limit that cannot be
/// enforced.
nlohmann::json agent_resources(const policy::Limits& limits, const Controllers& delegated);
/// Returns OCI linux.resources of the firewall's container.
nlohmann::json firewall_resources(const Controllers& delegated);

/// Returns OCI linux, without resources and seccomp.
nlohmann::json linux_section(const policy::Confinement& confinement, const HostFacts& facts);

} // namespace agentbox::oci
