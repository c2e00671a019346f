// SPDX-License-Identifier: Apache-2.0
// What pod YAML for Podman and Kubernetes manifests have in common.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "oci/pod/pod.hpp"

namespace agentbox::oci {

/// Returns `values` as an object, in their order.
nlohmann::ordered_json string_map(const std::map<std::string, std::string>& values);

/// Returns a container's env: values, and references to the secret "POD-env".
nlohmann::ordered_json env_list(const PodContainer& container, const std::string& pod);

/// Returns whether a container of the pod needs the secret "POD-env".
bool needs_secret(const Pod& pod);

/// Returns resources.limits; empty if there are none. Memory in bytes, CPUs in thousandths.
nlohmann::ordered_json limit_list(const PodContainer& container);

/// Returns whether Kubernetes' $(NAME) expansion would change a word, given the container's variables.
bool changed_by_expansion(const std::string& word, const std::vector<Variable>& env);

/// Returns whether Podman's own YAML writer would damage a text: it writes multi-line strings as blocks, but without
/// the indentation indicator that a block needs if it begins with a blank (seen with 4.3.1).
bool damaged_by_podman(const std::string& text);

/// Returns a ConfigMap called `name` with one file.
nlohmann::ordered_json config_map(const Pod& pod, const std::string& name, const TextSource& text);

} // namespace agentbox::oci
