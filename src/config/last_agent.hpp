// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <optional>
#include <string>

namespace agentbox::config {

/// The agent that ran last, kept in `state_folder`/last_agent. Nothing when none did, or when the file holds no agent's
/// name: it is a convenience, and a damaged one is forgotten.
std::optional<std::string> read_last_agent(const std::filesystem::path& state_folder);

/// Remembers `name`. Throws support::Error(failed).
void write_last_agent(const std::filesystem::path& state_folder, const std::string& name);

} // namespace agentbox::config
