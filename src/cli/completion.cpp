// SPDX-License-Identifier: Apache-2.0
// The scripts only ask `agentbox completion SHELL -- WORDS...`, so that every shell completes the same.
#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "cli/command_tree.hpp"
#include "support/text.hpp"

namespace agentbox::cli {
namespace {

constexpr const char* k_bash = R"(# bash completion for {name}, written by `{name} completion bash`
_{name}() {{
  mapfile -t COMPREPLY < <({name} completion bash -- "${{COMP_WORDS[@]:0:COMP_CWORD+1}}" 2>/dev/null)
}}
complete -o default -F _{name} {name} {links}
)";

constexpr const char* k_zsh = R"(#compdef {name} {links}
# zsh completion for {name}, written by `{name} completion zsh`
_{name}() {{
  local -a found
  found=("${{(@f)$({name} completion zsh -- "${{(@)words[1,CURRENT]}}" 2>/dev/null)}}")
  if [[ -n $found ]]; then
    _describe -o {name} found
  else
    _files
  fi
}}
_{name} "$@"
)";

constexpr const char* k_fish = R"(# fish completion for {name}, written by `{name} completion fish`
function __{name}_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l found ({name} completion fish -- $words "$current" 2>/dev/null)
    if set -q found[1]
        string join \n -- $found
    else
        __fish_complete_path "$current"
    end
end
for program in {name} {links}
    complete -c $program -f -a '(__{name}_complete)'
end
)";

using Candidates = std::vector<std::pair<std::string, std::string>>; // words and their descriptions

const CommandNode* find_command(const CommandNode& in, const std::string& name) {
  const auto found = std::find_if(in.subcommands.begin(), in.subcommands.end(),
                                  [&](const CommandNode& one) { return one.name == name; });
  return found == in.subcommands.end() ? nullptr : &*found;
}

const OptionNode* find_option(const CommandNode& in, const std::string& name) {
  const auto found = std::find_if(in.options.begin(), in.options.end(), [&](const OptionNode& one) {
    return std::find(one.names.begin(), one.names.end(), name) != one.names.end();
  });
  return found == in.options.end() ? nullptr : &*found;
}

void add_choices(const OptionNode& option, Candidates& candidates) {
  for (const std::string& choice : option.choices) {
    candidates.emplace_back(choice, "");
  }
}

void add_options(const CommandNode& command, Candidates& candidates) {
  for (const OptionNode& option : command.options) {
    for (const std::string& name : option.names) {
      candidates.emplace_back(name, option.description);
    }
  }
}

/// Returns every word that may follow `before`, the words of the command line so far.
Candidates candidates_after(const CommandNode& root, const std::string& implied,
                            const std::vector<std::string>& before) {
  const CommandNode* const fallback = find_command(root, implied);
  const CommandNode* command = &root;
  const std::string program = before.front().substr(before.front().rfind('/') + 1);
  if (fallback != nullptr && program.starts_with(root.name + "-")) {
    command = fallback;
  }
  for (std::size_t i = 1; i < before.size(); ++i) {
    if (before[i] == "--") {
      return {};
    }
    if (const CommandNode* inner = find_command(*command, before[i])) {
      command = inner;
    } else if (command == &root && fallback != nullptr && !before[i].starts_with('-')) {
      command = fallback;
    }
  }
  Candidates candidates;
  const OptionNode* option = find_option(command == &root && fallback != nullptr ? *fallback : *command, before.back());
  if (option != nullptr && option->takes_value) {
    add_choices(*option, candidates);
    return candidates;
  }
  for (const CommandNode& inner : command->subcommands) {
    candidates.emplace_back(inner.name, inner.description);
  }
  for (const OptionNode& positional : command->positionals) {
    add_choices(positional, candidates);
  }
  add_options(*command, candidates);
  return candidates;
}

} // namespace

std::string completion_script(const std::string& shell, const CommandNode& root,
                              const std::vector<std::string>& links) {
  const char* const script = shell == "bash" ? k_bash : shell == "zsh" ? k_zsh : k_fish;
  return fmt::format(fmt::runtime(script), fmt::arg("name", root.name), fmt::arg("links", support::join(links, " ")));
}

std::string completions(const std::string& shell, const CommandNode& root, const std::string& implied,
                        std::vector<std::string> words) {
  if (words.size() < 2) {
    return {};
  }
  const std::string current = words.back();
  words.pop_back();
  Candidates candidates = candidates_after(root, implied, words);
  if (const CommandNode* fallback = find_command(root, implied); words.size() == 1 && current.starts_with('-')) {
    add_options(*fallback, candidates); // `agentbox --base X` is `agentbox run --base X`
  }
  std::string text;
  for (const auto& [word, description] : std::set(candidates.begin(), candidates.end())) {
    if (word.starts_with(current)) {
      const char separator = shell == "fish" ? '\t' : ':';
      text += shell == "bash" || description.empty() ? word + "\n" : word + separator + description + "\n";
    }
  }
  return text;
}

} // namespace agentbox::cli
