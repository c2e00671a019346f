// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace agentbox::cli {

/// Parses the command line and runs the subcommand. Prints errors and returns the exit status.
int main(int argc, char** argv);

/// The arguments of a command line, split at the first "--".
struct CommandLine {
  std::vector<std::string> options; ///< for CLI11, with the subcommand in front
  std::vector<std::string> command; ///< after the first bare "--"
  bool has_command = false;         ///< whether there was a "--"
};

/// Adds the subcommand that a user may omit: `agentbox codex` is `agentbox run codex`, `agentbox` is `agentbox run`,
/// and a program named agentbox-NAME is `agentbox run NAME`. `subcommands` are the known names. Pure.
CommandLine with_subcommand(std::string_view program, std::span<const std::string> arguments,
                            std::span<const std::string> subcommands);

} // namespace agentbox::cli
