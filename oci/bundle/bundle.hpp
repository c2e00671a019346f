// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>

#include "oci/pod/generated_set.hpp"
#include "oci/pod/pod.hpp"
#include "protocol/protocol.hpp"

namespace agentbox::oci {

/// Selects the files of a bundle to render.
enum class BundleParts {
  config_only, ///< agent/config.json and firewall/config.json
  complete,    ///< those, the files that they mount, and `start`; agentbox-unpack extracts the root filesystems
};

/// Paths of the root filesystems in the set.
inline constexpr const char* k_agent_rootfs = "agent/rootfs";
inline constexpr const char* k_firewall_rootfs = "firewall/rootfs";

/// Files that `start` writes, besides those in the firewall's run directory.
inline constexpr const char* k_uplink_pid = "uplink.pid";
inline constexpr const char* k_uplink_log = "uplink.log";
inline constexpr std::array k_start_files = {protocol::k_firewall_pid, k_uplink_pid, k_uplink_log};

/// Directories of a complete bundle whose content is not part of the set.
inline constexpr std::array k_bundle_directories = {k_agent_rootfs, k_firewall_rootfs, protocol::k_run_directory};

/// Returns what `agentbox generate oci` writes: an OCI bundle for each container, with the config.json that `agentbox
/// run` imposes, except for ID maps (facts.host.uid_mappings), the firewall's upstream resolver as a file, and the
/// namespaces that the agent joins, which `start` passes to the runtime as descriptor 3: /proc/PID of the firewall.
/// Pure: same input, same bytes. Throws support::Error(refused) for what a bundle cannot express, and like
/// render_agent().
GeneratedSet render_bundle(const policy::Policy& policy, const PodFacts& facts, BundleParts parts);

} // namespace agentbox::oci
