// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace agentbox::oci {

/// What stands in the place of a value that the launcher hands to the hook by a pipe, so that no file ever holds it.
inline constexpr const char* k_withheld = "(not shown)";

/// Takes the values of the variables `env` out of the environment of the runtime configuration `config`.
void withhold(nlohmann::json& config, const std::map<std::string, std::string>& env);

/// Whether withhold() took a value out of `config`.
bool is_withheld(const nlohmann::json& config);

/// Puts them in again, from the JSON object `values`. Throws support::Error(refused) when one is missing.
void put_back(nlohmann::json& config, const nlohmann::json& values);

} // namespace agentbox::oci
