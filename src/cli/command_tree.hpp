// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

namespace CLI {
class App;
} // namespace CLI

namespace agentbox::cli {

/// An option or a positional of a command, for completion scripts.
struct OptionNode {
  std::vector<std::string> names; ///< "--json", "-v"; for a positional its name, "AGENT"
  std::string description;        ///< its first line
  bool takes_value = false;
  bool repeatable = false;
  std::vector<std::string> choices; ///< the allowed values, if they are few and fixed

  bool operator==(const OptionNode&) const = default;
};

/// A command with its options and subcommands.
struct CommandNode {
  std::string name;
  std::string description;
  std::vector<OptionNode> options;
  std::vector<OptionNode> positionals;
  std::vector<CommandNode> subcommands;

  bool operator==(const CommandNode&) const = default;
};

/// Returns the tree of commands of `app`, without hidden options and subcommands (those with an empty group).
CommandNode describe(const CLI::App& app);

/// Returns the completion script of a shell for `root`. Without a subcommand, `implied` is completed (`agentbox codex`
/// is `agentbox run codex`); so it is for the programs `links` ("agentbox-codex"). Pure.
std::string bash_completion(const CommandNode& root, const std::string& implied, const std::vector<std::string>& links);
std::string zsh_completion(const CommandNode& root, const std::string& implied, const std::vector<std::string>& links);
std::string fish_completion(const CommandNode& root, const std::string& implied, const std::vector<std::string>& links);

} // namespace agentbox::cli
