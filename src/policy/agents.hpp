// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "policy/types.hpp"

namespace agentbox::policy {

/// Returns the built-in agents: those of agents/*.toml, with approval prompts, update checks and telemetry switched
/// off by the variables and settings that their vendors document. Sorted by name.
const std::vector<Agent>& builtin_agents();

/// Returns the built-in agent `name`, or nullptr.
const Agent* find_builtin_agent(std::string_view name);

/// Returns the hosts that every box may reach on port 443 unless network.default_hosts is false.
const std::vector<std::string>& default_hosts();

} // namespace agentbox::policy
