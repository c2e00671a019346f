// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "policy/types.hpp"

namespace agentbox::policy {

/// The agents that agentbox knows without configuration: codex and claude, approval prompts off, their own update
/// checks and telemetry switched off by the variables and settings that their vendors document.
const std::vector<Agent>& builtin_agents();

/// The built-in agent `name`, or nullptr.
const Agent* find_builtin_agent(std::string_view name);

/// The hosts that every box may reach unless a configuration takes them away (port 443).
const std::vector<std::string>& default_hosts();

} // namespace agentbox::policy
