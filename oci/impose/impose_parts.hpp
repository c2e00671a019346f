// SPDX-License-Identifier: Apache-2.0
// The parts of impose(), by section of the config. Internal to impose.cpp.
#pragma once
#include <initializer_list>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "oci/impose/impose.hpp"
#include "support/error.hpp"
#include "support/text.hpp"

namespace agentbox::oci {

/// The refusal of a box: `what` Podman's config says, and what was `expected` instead.
support::Error unexpected(const std::string& what, const std::string& expected);

/// Refuses keys of `object` that are not `known`, unless their value is null or empty. `where` names the object.
void require_known_keys(const nlohmann::json& object, std::initializer_list<std::string_view> known,
                        const std::string& where);

/// object[key] as text; empty when it is missing.
std::string text_at(const nlohmann::json& object, const char* key);

/// process: checks Podman's, and puts its terminal and security labels into `result`, which is ours.
void impose_process(const nlohmann::json& podman, nlohmann::json& result);

/// linux: checks Podman's, and puts its namespaces, id maps, cgroup path and labels into `result`, which is ours.
void impose_linux(const nlohmann::json& podman, nlohmann::json& result, Role role);

/// mounts: checks Podman's, and adds those of the files it makes to `result`, which is ours.
void impose_mounts(const nlohmann::json& podman, nlohmann::json& result);

} // namespace agentbox::oci
