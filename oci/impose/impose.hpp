// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <nlohmann/json_fwd.hpp>

namespace agentbox::oci {

/// The containers of a box.
enum class Role { agent, firewall };

/// Returns which of the box's containers Podman is about to create. The agent's has our role annotation and its pod's
/// SandboxID; the firewall's is the pod's infra container, is named after the pod, and starts our firewall.
/// Throws support::Error(refused) for anything else. `firewall` is our config for the firewall's container.
Role decide_role(const nlohmann::json& podman, const nlohmann::json& firewall);

/// Returns the config to create the container with: `ours` plus Podman's root, namespaces, cgroup path, ID maps,
/// security labels, and the mounts of files that Podman writes. Anything else in Podman's config that our policy does
/// not contain (mounts, capabilities, devices, environment, hooks, sysctls, unknown keys) is not dropped silently:
/// throws support::Error(refused), naming it and what was expected. Refuses annotations that the OCI runtime acts on,
/// and drops other foreign ones. Pure.
nlohmann::json impose(const nlohmann::json& podman, const nlohmann::json& ours, Role role);

} // namespace agentbox::oci
