// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>

#include "oci/pod/generated_set.hpp"
#include "oci/pod/pod.hpp"

namespace agentbox::oci {

/// Settings that a cluster needs besides the policy.
struct KubernetesOptions {
  enum class Kind { pod, job, deployment };
  Kind kind = Kind::pod;
  std::uint32_t parallel = 1; ///< above 1: an indexed Job of that many agents, each with its own workspace

  std::string name_space;           ///< empty: the one kubectl uses
  std::string workspace_claim;      ///< an existing PersistentVolumeClaim with the project in it
  std::string git_url;              ///< https://…: cloned into an empty workspace, through the firewall
  std::string git_branch;           ///< empty: the repository's default
  bool workspace_host_path = false; ///< the policy's directory on the node: for clusters of one machine
  bool runtime_seccomp = false;     ///< the container runtime's own filter instead of agentbox's stricter one
};

/// Returns what `agentbox generate kubernetes` writes: manifest.yaml (ConfigMap, NetworkPolicy, and a Pod, Job or
/// Deployment) and, unless `runtime_seccomp`, the seccomp profiles that the nodes must have. The agent's container
/// passes the restricted Pod Security Standard. Pure: same input, same bytes. Throws support::Error(refused) for what
/// cannot be expressed, (usage) for options that contradict each other.
GeneratedSet render_kubernetes(const policy::Policy& policy, const PodFacts& facts, const KubernetesOptions& options);

} // namespace agentbox::oci
