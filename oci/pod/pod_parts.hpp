// SPDX-License-Identifier: Apache-2.0
// The parts of a pod. Internal to make_pod().
#pragma once
#include <nlohmann/json_fwd.hpp>

#include "oci/pod/pod.hpp"

namespace agentbox::oci {

/// The names of the seccomp profiles' files.
inline constexpr const char* k_agent_seccomp_file = "seccomp-agent.json";
inline constexpr const char* k_firewall_seccomp_file = "seccomp-firewall.json";
/// The firewall's own directory in a pod. It must not exist in the image: an empty volume takes its owner from the
/// image's directory (root); without one it belongs to the container's user.
inline constexpr const char* k_scratch_path = "/run/firewall";

/// Returns OCI's ["NAME=value", …] as variables. Those of the user or an agent's configuration that are named like a
/// credential become references to a secret.
std::vector<Variable> variables(const nlohmann::json& environment, const policy::PolicyFields& fields);

/// Adds all volumes and the mounts of all containers, in mount order.
void add_volumes(Pod& pod, const policy::PolicyFields& fields, const PodFacts& facts, OutputFormat format);

} // namespace agentbox::oci
