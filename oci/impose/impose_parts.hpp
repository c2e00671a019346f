// SPDX-License-Identifier: Apache-2.0
// The parts of impose(), by section of the config. Internal to oci/impose.
#pragma once
#include <initializer_list>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "oci/impose/impose.hpp"
#include "support/error.hpp"

namespace agentbox::oci {

/// Returns the error that names `what` was found in Podman's config, and what was `expected`.
support::Error unexpected(const std::string& what, const std::string& expected);

/// Throws for keys of `object` that are not `known`, unless their value is null or empty. `where` names the object.
void require_known_keys(const nlohmann::json& object, std::initializer_list<std::string_view> known,
                        const std::string& where);

/// Returns object[key] as text; empty if it is missing.
std::string text_at(const nlohmann::json& object, const char* key);

/// Throws if our config, `result`, has an SELinux label at `key` and Podman's is different or missing: containers.conf
/// can disable labels.
void require_same_label(const nlohmann::json& podman, const nlohmann::json& result, const char* key);

/// Checks Podman's process section, and copies its terminal and security labels to ours, `result`.
void impose_process(const nlohmann::json& podman, nlohmann::json& result);

/// Checks Podman's linux section, and copies its namespaces, ID maps, cgroup path and labels to ours, `result`.
void impose_linux(const nlohmann::json& podman, nlohmann::json& result, Role role);

/// Checks Podman's mounts, and adds those of the files that it writes to ours, `result`.
void impose_mounts(const nlohmann::json& podman, nlohmann::json& result);

} // namespace agentbox::oci
