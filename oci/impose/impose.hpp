// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <nlohmann/json_fwd.hpp>

namespace agentbox::oci {

/// Which container of the box a config is for.
enum class Role { agent, firewall };

/// Which of the box's containers Podman is about to create: the agent's carries our role annotation and its pod's
/// SandboxID; the firewall's is the pod's infra container, named after the pod, and starts our firewall.
/// Anything else throws support::Error(refused). `firewall` is our config for the firewall's container.
Role decide_role(const nlohmann::json& podman, const nlohmann::json& firewall);

/// The config to create the container with: `ours`, with Podman's wiring put in: root, namespaces, cgroup path, id
/// maps, security labels, and the mounts of the files it makes. Everything of Podman's that our policy does not know
/// (mounts, capabilities, devices, environment, hooks, sysctls, keys of the specification) is not dropped in silence
/// but refused: throws support::Error(refused) which names it and says what was expected. Annotations that mean
/// something to the OCI runtime are refused, other foreign ones dropped. Pure.
nlohmann::json impose(const nlohmann::json& podman, const nlohmann::json& ours, Role role);

} // namespace agentbox::oci
