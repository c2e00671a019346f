// SPDX-License-Identifier: Apache-2.0
// The parts of a pod, by concept. Internal to make_pod().
#pragma once
#include <nlohmann/json_fwd.hpp>

#include "oci/pod/pod.hpp"

namespace agentbox::oci {

/// The names of the seccomp profiles' files.
inline constexpr const char* k_agent_seccomp_file = "seccomp-agent.json";
inline constexpr const char* k_firewall_seccomp_file = "seccomp-firewall.json";
/// The firewall's own folder in a pod. The image must not have it: an empty volume takes its owner from the image's
/// folder (root), and belongs to the container's user where there is none.
inline constexpr const char* k_scratch_path = "/run/firewall";
/// RLIMIT_NOFILE for agent-entrypoint, where no field of the format can say it.

/// OCI's ["NAME=value", …] as variables. Those that the user or an agent's configuration set under a credential's name
/// become references to a secret.
std::vector<Variable> variables(const nlohmann::json& environment, const policy::PolicyFields& fields);

/// Adds every volume and every container's mounts, in the order in which they must be mounted.
void add_volumes(Pod& pod, const policy::PolicyFields& fields, const PodFacts& facts, OutputFormat format);

} // namespace agentbox::oci
