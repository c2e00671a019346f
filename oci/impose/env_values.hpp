// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace agentbox::oci {

/// Placeholder for a value that the launcher sends to the hook through a FIFO, so that it is never in a file.
inline constexpr const char* k_placeholder = "(not shown)";

/// Replaces the values of the variables `env` in the environment of `config` with the placeholder.
void remove_env_values(nlohmann::json& config, const std::map<std::string, std::string>& env);

/// Returns whether remove_env_values() replaced a value in `config`.
bool lacks_env_values(const nlohmann::json& config);

/// Replaces the placeholders with the values of JSON object `values`. Throws support::Error(refused) if one is missing.
void restore_env_values(nlohmann::json& config, const nlohmann::json& values);

} // namespace agentbox::oci
