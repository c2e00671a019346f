// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>

#include "agents/agent_data.hpp"
#include "policy/diagnostic.hpp"

namespace agentbox::config {

/// Parses agents/NAME.toml, which the build compiles in. Adds mistakes to `diagnostics`, each with file:line:column:
/// unknown keys, values of a wrong type, more than 64 KB, strings that are not 1 to 200 bytes of printable ASCII, paths
/// that are not below the home, unknown platforms, and an agent without a command or a program. Pure.
agents::AgentData parse_agent_file(std::string_view name, std::string_view text, const std::string& file,
                                   policy::Diagnostics& diagnostics);

} // namespace agentbox::config
