// SPDX-License-Identifier: Apache-2.0
// Parts of a Kubernetes manifest. Internal to oci/kubernetes.
#pragma once
#include <nlohmann/json_fwd.hpp>

#include "oci/kubernetes/kubernetes.hpp"
#include "oci/pod/yaml.hpp"

namespace agentbox::oci {

/// Directory of the clone in the workspace's volume. It must belong to the agent, which the volume's root does not.
inline constexpr const char* k_clone_directory = "project";

/// Throws support::Error(usage, refused) for options that contradict each other or the policy.
void check_options(const policy::PolicyFields& fields, const KubernetesOptions& options);

/// Returns a NetworkPolicy, the second line of defence: no traffic in; out only DNS and the listed ports, to addresses
/// that are not private.
YamlDocument network_policy(const Pod& pod, const policy::EgressPolicy& egress, const KubernetesOptions& options);

/// Escapes `text` so that Kubernetes' expansion of $(NAME) leaves it unchanged.
std::string expansion_free(const std::string& text);

/// Returns the metadata of an object called `name`.
nlohmann::ordered_json metadata(const Pod& pod, const std::string& name, const KubernetesOptions& options);

/// Returns spec.volumes of the pod.
nlohmann::ordered_json volume_list(const Pod& pod, const KubernetesOptions& options);

/// Returns volumeMounts of one container.
nlohmann::ordered_json mount_list(const Pod& pod, const PodContainer& container, const KubernetesOptions& options);

/// Returns one ConfigMap with all texts of the pod.
nlohmann::ordered_json text_map(const Pod& pod, const KubernetesOptions& options);

/// Returns the container that clones the repository into the workspace, behind the firewall like the agent.
PodContainer clone_container(const Pod& pod, const KubernetesOptions& options);

/// Returns the pod's template (metadata and spec) with the comments for it, whose pointers begin at `prefix`.
YamlDocument pod_template(const Pod& pod, const policy::PolicyFields& fields, const KubernetesOptions& options,
                          const std::string& prefix);

} // namespace agentbox::oci
