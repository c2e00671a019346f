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

/// The part of a command line before the word that is completed.
struct Position {
  const CommandNode* command;
  std::vector<std::string> positionals;
  bool is_over = false; ///< after "--": the words belong to another command line
};

Position position_after(const CommandNode& root, const CommandNode* fallback, const std::vector<std::string>& before) {
  Position at{&root, {}};
  const std::string program = before.front().substr(before.front().rfind('/') + 1);
  if (fallback != nullptr && program.starts_with(root.name + "-")) {
    at = {fallback, {program.substr(root.name.size() + 1)}};
  }
  bool is_value = false;
  for (std::size_t i = 1; i < before.size(); ++i) {
    const std::string& word = before[i];
    const CommandNode& searched = at.command == &root && fallback != nullptr ? *fallback : *at.command;
    if (word == "--") {
      at.is_over = true;
      return at;
    }
    if (is_value || word.starts_with('-')) {
      const OptionNode* option = is_value ? nullptr : find_option(searched, word);
      is_value = option != nullptr && option->takes_value;
    } else if (const CommandNode* inner = find_command(*at.command, word)) {
      at.command = inner;
    } else {
      at.command = &searched;
      at.positionals.push_back(word);
    }
  }
  return at;
}

/// Returns every word that may follow `before`, the words of the command line so far.
Candidates candidates_after(const CommandNode& root, const std::string& implied, const std::vector<std::string>& before,
                            const FindValues& find) {
  const CommandNode* const fallback = find_command(root, implied);
  const Position at = position_after(root, fallback, before);
  if (at.is_over) {
    return {};
  }
  const CommandNode& searched = at.command == &root && fallback != nullptr ? *fallback : *at.command;
  const std::string agent = &searched == fallback && !at.positionals.empty() ? at.positionals.front() : "";
  Candidates candidates;
  const auto add_values = [&](const OptionNode& option) {
    add_choices(option, candidates);
    const Candidates values = find({searched.name, option.names.front(), agent});
    candidates.insert(candidates.end(), values.begin(), values.end());
  };
  const OptionNode* option = before.size() > 1 ? find_option(searched, before.back()) : nullptr;
  if (option != nullptr && option->takes_value) {
    add_values(*option);
    return candidates;
  }
  for (const CommandNode& inner : at.command->subcommands) {
    candidates.emplace_back(inner.name, inner.description);
  }
  if (at.positionals.size() < searched.positionals.size()) {
    add_values(searched.positionals[at.positionals.size()]);
  }
  add_options(*at.command, candidates);
  return candidates;
}

} // namespace

std::string completion_script(const std::string& shell, const CommandNode& root,
                              const std::vector<std::string>& links) {
  const char* const script = shell == "bash" ? k_bash : shell == "zsh" ? k_zsh : k_fish;
  return fmt::format(fmt::runtime(script), fmt::arg("name", root.name), fmt::arg("links", support::join(links, " ")));
}

std::string completions(const std::string& shell, const CommandNode& root, const std::string& implied,
                        std::vector<std::string> words, const FindValues& find) {
  if (words.size() < 2) {
    return {};
  }
  const std::string current = words.back();
  words.pop_back();
  Candidates candidates = candidates_after(root, implied, words, find);
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
