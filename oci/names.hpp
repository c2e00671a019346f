// SPDX-License-Identifier: Apache-2.0
// The words that renderers, the hook and the launcher must agree on.
#pragma once

namespace agentbox::oci {

/// Annotation that says which container of the box this is; on the agent's only ("agent").
inline constexpr const char* k_role_annotation = "org.agentbox.role";
/// Annotation with the box's name.
inline constexpr const char* k_box_annotation = "org.agentbox.box";
/// Annotation with the name of the agent that the box is for.
inline constexpr const char* k_agent_annotation = "org.agentbox.agent";
/// Annotation of the firewall's container: SHA-256 of the egress policy's JSON that it must be given.
inline constexpr const char* k_egress_annotation = "org.agentbox.egress";
/// Annotation for the hook, which checks it and takes it away: {"/host/path":"DEVICE:INODE",…} of the bind mounts.
inline constexpr const char* k_sources_annotation = "org.agentbox.sources";

/// The firewall's program in its image.
inline constexpr const char* k_firewall_program = "/agentbox-firewall";
/// Where the firewall finds its policy, the folder for `ready`, and its audit log.
inline constexpr const char* k_egress_path = "/etc/agentbox/egress.json";
inline constexpr const char* k_run_path = "/run/agentbox";
inline constexpr const char* k_audit_path = "/var/log/agentbox";
/// The first program of the agent's container.
inline constexpr const char* k_entrypoint_program = "/usr/local/bin/agent-entrypoint";
/// The file of a generated set that stands for each masked file.
inline constexpr const char* k_empty_file = "empty";
/// Where the agent's container finds the user's CA bundle.
inline constexpr const char* k_ca_bundle_path = "/etc/agentbox/ca-bundle.pem";
/// The environment variable by which agent-entrypoint knows its firewall, and the hook the `ready` file.
inline constexpr const char* k_gate_variable = "AGENTBOX_GATE";

/// The environment variable with a line "DEVICE:INODE DESTINATION" for each path of the user's: agent-entrypoint looks
/// whether that is what is mounted there. Never in the agent's own environment.
inline constexpr const char* k_mounts_variable = "AGENTBOX_MOUNTS";

} // namespace agentbox::oci
