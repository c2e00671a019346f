// SPDX-License-Identifier: Apache-2.0
// Parts of pod YAML for Podman. Internal to oci/kube and oci/quadlet.
#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "oci/pod/pod.hpp"
#include "oci/pod/yaml.hpp"

namespace agentbox::oci {

/// Returns "keep-id:uid=1000,gid=1000": the host's user is the agent in the box.
std::string keep_id(const policy::User& user);

/// Returns the argv that plays the set in `facts.directory`.
std::vector<std::string> kube_play(const policy::PolicyFields& fields, const PodFacts& facts);

/// Returns the names of the Podman volumes that outlive the pod.
std::vector<std::string> volume_names(const Pod& pod);

/// The pod's volumes in Podman's form.
class KubeVolumes {
public:
  KubeVolumes(const Pod& pod, const HostFacts& host);

  /// Returns spec.volumes.
  const nlohmann::ordered_json& list() const noexcept { return m_list; }
  /// Returns volumeMounts of one container.
  nlohmann::ordered_json mounts(const PodContainer& container) const;
  /// Returns the PersistentVolumeClaims and ConfigMaps that the pod needs.
  std::vector<YamlDocument> documents(const Pod& pod) const;

private:
  nlohmann::ordered_json m_list = nlohmann::ordered_json::array();
  std::map<std::string, std::string> m_parts;   ///< "volume/sub path" -> separate volume: Podman 4.3 has no subPath
  std::map<std::string, std::string> m_options; ///< volume -> what follows the path in mountPath
};

} // namespace agentbox::oci
