// SPDX-License-Identifier: Apache-2.0
// The user's Git settings that a box gets copies of: who commits, and how Git treats line endings, ignored files,
// merges and output. None runs a program, connects elsewhere or is a credential.
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "guard/git_users_settings.hpp"

namespace agentbox::guard {

/// The user's settings for a box.
struct CarriedSettings {
  std::map<std::string, std::string> values; ///< by name, in lower case
  std::map<std::string, std::string> files;  ///< what to write for the box
  std::vector<std::string> notices;          ///< what works differently in the box
  std::map<std::string, std::string>
      environment; ///< overrides the repository's settings if those ask for signed commits
};

/// Returns the user's settings for a box on `workspace`, as files for protocol::k_run_path. Empty when there are none.
/// Throws Error(refused) when a file is too long, or the repository's settings are behind a link.
CarriedSettings carried_settings(const SettingsFiles& where, const std::filesystem::path& workspace);

} // namespace agentbox::guard
