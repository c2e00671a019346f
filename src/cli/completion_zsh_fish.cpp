// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "cli/command_tree.hpp"
#include "support/text.hpp"

namespace agentbox::cli {
namespace {

/// `text` with a backslash before each byte of `special`.
std::string escaped(const std::string& text, std::string_view special) {
  std::string result;
  for (const char byte : text) {
    if (special.find(byte) != std::string_view::npos) {
      result += '\\';
    }
    result += byte;
  }
  return result;
}

/// One word of POSIX and zsh syntax.
std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char byte : text) {
    result += byte == '\'' ? std::string("'\\''") : std::string(1, byte);
  }
  return result + "'";
}

/// A value's part of an _arguments specification.
std::string zsh_value(const OptionNode& option, const std::string& label) {
  return option.choices.empty() ? fmt::format(":{}:_files", label)
                                : fmt::format(":{}:({})", label, support::join(option.choices, " "));
}

std::string zsh_arguments(const CommandNode& command) {
  std::string text;
  for (const OptionNode& option : command.options) {
    for (const std::string& name : option.names) {
      const bool is_long = name.substr(0, 2) == "--";
      const std::string repeat = option.repeatable ? "*" : fmt::format("({})", support::join(option.names, " "));
      const std::string spec =
          fmt::format("{}{}{}[{}]{}", repeat, name, option.takes_value ? (is_long ? "=" : "+") : "",
                      escaped(option.description, "[]:\\"), option.takes_value ? zsh_value(option, "value") : "");
      text += " \\\n    " + quoted(spec);
    }
  }
  return text;
}

void zsh_function(const CommandNode& command, const std::string& function, const std::string& implied,
                  std::string& text) {
  text += fmt::format("\n{}() {{\n", function);
  if (command.subcommands.empty()) {
    text += "  _arguments -s" + zsh_arguments(command);
    for (const OptionNode& positional : command.positionals) {
      text +=
          " \\\n    " + quoted((positional.repeatable ? "*" : "") + zsh_value(positional, positional.names.front()));
    }
    text += "\n}\n";
    return;
  }
  text += "  local state line\n  local -a commands=(\n";
  for (const CommandNode& subcommand : command.subcommands) {
    text += "    " + quoted(escaped(subcommand.name, ":") + ":" + escaped(subcommand.description, ":\\")) + "\n";
  }
  text += fmt::format("  )\n  _arguments -C{} \\\n    '1: :->command' '*:: :->rest'\n", zsh_arguments(command));
  text += "  case $state in\n    command) _describe command commands ;;\n    rest)\n      case $line[1] in\n";
  for (const CommandNode& subcommand : command.subcommands) {
    text += fmt::format("        {}) {}_{} ;;\n", subcommand.name, function, subcommand.name);
  }
  if (!implied.empty()) {
    text += fmt::format("        *) {}_{} ;;\n", function, implied);
  }
  text += "      esac ;;\n  esac\n}\n";
  for (const CommandNode& subcommand : command.subcommands) {
    zsh_function(subcommand, function + "_" + subcommand.name, "", text);
  }
}

struct FishText {
  std::vector<std::string> paths;
  std::string lines;
};

void fish_option(const OptionNode& option, const std::string& condition, std::string& lines) {
  lines += condition;
  for (const std::string& name : option.names) {
    lines += name.substr(0, 2) == "--" ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  if (option.takes_value) {
    lines += option.choices.empty() ? " -r" : " -x -a " + quoted(support::join(option.choices, " "));
  }
  lines += " -d '" + escaped(option.description, "'\\") + "'\n";
}

void fish_walk(const CommandNode& root, const CommandNode& command, const std::string& path, FishText& text) {
  const std::string condition = fmt::format("complete -c {0} -n '__{0}_at \"{1}\"'", root.name, path);
  for (const CommandNode& subcommand : command.subcommands) {
    text.lines +=
        fmt::format("{} -f -a {} -d '{}'\n", condition, subcommand.name, escaped(subcommand.description, "'\\"));
  }
  for (const OptionNode& positional : command.positionals) {
    if (!positional.choices.empty()) {
      text.lines += fmt::format("{} -f -a '{}'\n", condition, support::join(positional.choices, " "));
    }
  }
  for (const OptionNode& option : command.options) {
    fish_option(option, condition, text.lines);
  }
  for (const CommandNode& subcommand : command.subcommands) {
    const std::string below = path.empty() ? subcommand.name : path + " " + subcommand.name;
    text.paths.push_back("'" + below + "'");
    fish_walk(root, subcommand, below, text);
  }
}

constexpr const char* k_fish_helper = R"(# fish completion for {name}, written by `{name} completion fish`
function __{name}_at
    set -l known {paths}
    set -l words (commandline -opc)
    set -l path ''
    string match -q '*{name}-*' -- $words[1]; and set path {implied}
    for word in $words[2..-1]
        set -l longer (string trim -- "$path $word")
        if contains -- $longer $known
            set path $longer
        else if test -z "$path"; and not string match -q -- '-*' $word
            set path {implied}
        end
    end
    test "$path" = $argv[1]
end
)";

} // namespace

std::string zsh_completion(const CommandNode& root, const std::string& implied, const std::vector<std::string>& links) {
  std::string text = fmt::format("#compdef {0} {1}\n# zsh completion for {0}, written by `{0} completion zsh`\n",
                                 root.name, support::join(links, " "));
  const std::string function = "_" + root.name;
  zsh_function(root, function, implied, text);
  text += fmt::format("\nif [[ $service == {0}-* ]]; then\n  _{0}_{1} \"$@\"\nelse\n  _{0} \"$@\"\nfi\n", root.name,
                      implied);
  return text;
}

std::string fish_completion(const CommandNode& root, const std::string& implied,
                            const std::vector<std::string>& links) {
  FishText body;
  fish_walk(root, root, "", body);
  for (const CommandNode& subcommand : root.subcommands) { // `agentbox --base X` is `agentbox run --base X`
    if (subcommand.name == implied) {
      for (const OptionNode& option : subcommand.options) {
        fish_option(option, fmt::format("complete -c {0} -n '__{0}_at \"\"'", root.name), body.lines);
      }
    }
  }
  std::string text = fmt::format(k_fish_helper, fmt::arg("name", root.name), fmt::arg("implied", implied),
                                 fmt::arg("paths", support::join(body.paths, " ")));
  text += body.lines;
  for (const std::string& link : links) {
    text += fmt::format("complete -c {} -w {}\n", link, root.name);
  }
  return text;
}

} // namespace agentbox::cli
