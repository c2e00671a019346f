// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace agentbox::oci {

/// What stands in the place of a value that the launcher hands to the hook by a pipe, so that no file ever holds it.
inline constexpr const char* k_placeholder = "(not shown)";

/// Takes the values of the variables `env` out of the environment of the runtime configuration `config`.
void remove_env_values(nlohmann::json& config, const std::map<std::string, std::string>& env);

/// Whether remove_env_values() took a value out of `config`.
bool lacks_env_values(const nlohmann::json& config);

/// Puts them in again, from the JSON object `values`. Throws support::Error(refused) when one is missing.
void restore_env_values(nlohmann::json& config, const nlohmann::json& values);

} // namespace agentbox::oci
