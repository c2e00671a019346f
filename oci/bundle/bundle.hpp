// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "oci/pod/generated_set.hpp"
#include "oci/pod/pod.hpp"

namespace agentbox::oci {

/// How much of a bundle is wanted.
enum class BundleParts {
  config_only, ///< agent/config.json and firewall/config.json
  complete,    ///< and what they mount, and `start`; the two root filesystems are unpacked by agentbox-unpack
};

/// Where the root filesystems belong in the set.
inline constexpr const char* k_agent_rootfs = "agent/rootfs";
inline constexpr const char* k_firewall_rootfs = "firewall/rootfs";

/// What `agentbox generate oci` writes: an OCI bundle for each container, the same config.json as `agentbox run`
/// imposes. What differs is wiring: id maps of the host (facts.host.uid_mappings), the firewall's upstream resolver as
/// a file, and the namespaces that the agent joins, which `start` hands to the runtime as descriptor 3: the folder
/// /proc/PID of the firewall. Pure; the same bytes for the same input. Throws support::Error(refused) for what a bundle
/// cannot express, and like render_agent().
GeneratedSet render_bundle(const policy::Policy& policy, const PodFacts& facts, BundleParts parts);

} // namespace agentbox::oci
