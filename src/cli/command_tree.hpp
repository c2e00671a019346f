// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <string>
#include <utility>
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

/// Returns the completion script of `shell` ("bash", "zsh", "fish") for the program `root.name` and the programs
/// `links` ("agentbox-codex"). The script calls `NAME completion SHELL -- WORDS...`. Pure.
std::string completion_script(const std::string& shell, const CommandNode& root, const std::vector<std::string>& links);

using Candidates = std::vector<std::pair<std::string, std::string>>; ///< words and their descriptions

/// A position in a command line whose values depend on the host.
struct ValuePlace {
  std::string command; ///< the last word of "history show": "show"
  std::string name;    ///< of an option, "--resume"; of a positional, "AGENT"
  std::string agent;   ///< the agent that the command line names so far; may be empty
};
using FindValues = std::function<Candidates(const ValuePlace& place)>;

/// Returns what the last of `words`, a command line with the program's name, can be completed to: one candidate per
/// line, in zsh and fish with a description; nothing where file names are expected. Without a subcommand, `implied` is
/// completed (`agentbox codex` is `agentbox run codex`), as for programs named NAME-AGENT. `find` adds the values that
/// are not part of the commands. Pure, apart from `find`.
std::string completions(const std::string& shell, const CommandNode& root, const std::string& implied,
                        std::vector<std::string> words, const FindValues& find);

} // namespace agentbox::cli
