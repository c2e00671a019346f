// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "policy/types.hpp"

namespace agentbox::config {

/// policy::Mount::reason of the host's instructions for an agent. The box sees a copy of each file.
inline constexpr const char* k_instructions_reason = "--instructions";

/// Returns the files and directories in an agent's own directory (~/.claude) in which it looks for its user's
/// instructions: no settings, hooks, MCP servers or credentials. Empty for an agent that agentbox does not know.
std::vector<std::string> instruction_paths(std::string_view agent);

/// The files of instructions on the host, below the agent's directory.
struct Instructions {
  std::vector<std::filesystem::path> files; ///< regular files; sorted
  std::vector<std::string> left_out;        ///< symbolic links, which are not followed
};

/// Finds the files at `paths` below `directory`, which may be a link itself. Throws Error(refused) for more than 256
/// files, and for a file more than 8 directories deep.
Instructions find_instructions(const std::filesystem::path& directory, const std::vector<std::string>& paths);

/// Returns the text, of at most 1 MiB, of a file that find_instructions() found and the box sees below its `home`.
/// Throws Error(refused) if it has become a symbolic link or is too large.
std::string read_instructions(const policy::Mount& file, const std::string& home);

} // namespace agentbox::config
