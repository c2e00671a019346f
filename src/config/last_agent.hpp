// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <optional>
#include <string>

namespace agentbox::config {

/// Returns the agent that ran last, from `state_directory`/last_agent. Nothing if the file is missing or damaged.
std::optional<std::string> read_last_agent(const std::filesystem::path& state_directory);

/// Stores `name`. Throws support::Error(failed).
void write_last_agent(const std::filesystem::path& state_directory, const std::string& name);

} // namespace agentbox::config
