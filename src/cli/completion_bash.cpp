// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "cli/command_tree.hpp"
#include "support/text.hpp"

namespace agentbox::cli {
namespace {

/// Parts of the script, collected in one walk over the tree. A command is identified by its path: "/policy/show".
struct Pieces {
  std::vector<std::string> paths;
  std::string words;  ///< case branches: path -> words that may come next
  std::string values; ///< case branches: path:option -> the option's values
};

std::string pattern(const std::vector<std::string>& alternatives) {
  return support::join(alternatives, " | ");
}

void walk(const CommandNode& command, const std::string& path, Pieces& pieces) {
  std::vector<std::string> words;
  std::vector<std::string> free_values;
  for (const CommandNode& subcommand : command.subcommands) {
    words.push_back(subcommand.name);
  }
  for (const OptionNode& positional : command.positionals) {
    words.insert(words.end(), positional.choices.begin(), positional.choices.end());
  }
  for (const OptionNode& option : command.options) {
    words.insert(words.end(), option.names.begin(), option.names.end());
    if (!option.takes_value) {
      continue;
    }
    std::vector<std::string> keys;
    for (const std::string& name : option.names) {
      keys.push_back(fmt::format("{}:{}", path, name));
    }
    if (option.choices.empty()) {
      free_values.insert(free_values.end(), keys.begin(), keys.end());
    } else {
      pieces.values += fmt::format("    {}) words='{}' ;;\n", pattern(keys), support::join(option.choices, " "));
    }
  }
  if (!free_values.empty()) {
    pieces.values += fmt::format("    {}) return ;; # file names\n", pattern(free_values));
  }
  pieces.words += fmt::format("      '{}') words='{}' ;;\n", path, support::join(words, " "));
  for (const CommandNode& subcommand : command.subcommands) {
    const std::string below = path + "/" + subcommand.name;
    pieces.paths.push_back(below);
    walk(subcommand, below, pieces);
  }
}

constexpr const char* k_script = R"(# bash completion for {name}, written by `{name} completion bash`
_{name}() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD - 1]}} path= words= i
  COMPREPLY=()
  [[ ${{COMP_WORDS[0]##*/}} == {name}-* ]] && path=/{implied}
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ ${{COMP_WORDS[i]}} == -- ]]; then
      return
    fi
    case $path/${{COMP_WORDS[i]}} in
      {paths}) path+=/${{COMP_WORDS[i]}} ;;
      /[!-]*) path=/{implied} ;;
    esac
  done
  case $path:$previous in
{values}    *) case $path in
{words}    esac ;;
  esac
  if [[ -z $path && $current == -* ]]; then
    words+=' {implied_options}'
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}}
complete -o default -F _{name} {name} {links}
)";

} // namespace

std::string bash_completion(const CommandNode& root, const std::string& implied,
                            const std::vector<std::string>& links) {
  Pieces pieces;
  walk(root, "", pieces);
  std::vector<std::string> implied_options;
  for (const CommandNode& subcommand : root.subcommands) {
    if (subcommand.name == implied) {
      for (const OptionNode& option : subcommand.options) {
        implied_options.insert(implied_options.end(), option.names.begin(), option.names.end());
      }
    }
  }
  return fmt::format(k_script, fmt::arg("name", root.name), fmt::arg("implied", implied),
                     fmt::arg("paths", pattern(pieces.paths)), fmt::arg("values", pieces.values),
                     fmt::arg("words", pieces.words), fmt::arg("implied_options", support::join(implied_options, " ")),
                     fmt::arg("links", support::join(links, " ")));
}

} // namespace agentbox::cli
