// SPDX-License-Identifier: Apache-2.0
#include "cli/command_tree.hpp"

#include <CLI/CLI.hpp>

#include "support/lines.hpp"

namespace agentbox::cli {
namespace {

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

/// Returns the choices in a type name such as "{bash,zsh,fish}", as CommandSpec's restrict() writes them.
std::vector<std::string> choices_in(const std::string& type_name) {
  std::vector<std::string> choices;
  const std::size_t open = type_name.find('{');
  const std::size_t close = type_name.find('}', open);
  if (open == std::string::npos || close == std::string::npos) {
    return choices;
  }
  for (const std::string_view choice :
       support::split(std::string_view(type_name).substr(open + 1, close - open - 1), ',')) {
    choices.emplace_back(choice);
  }
  return choices;
}

OptionNode describe_option(const CLI::Option& option) {
  OptionNode node;
  for (const std::string& name : option.get_lnames()) {
    node.names.push_back("--" + name);
  }
  for (const std::string& name : option.get_snames()) {
    node.names.push_back("-" + name);
  }
  if (option.get_positional() && node.names.empty()) {
    node.names.push_back(option.get_name(true));
  }
  node.description = first_line(option.get_description());
  node.takes_value = option.get_items_expected_max() > 0;
  node.choices = choices_in(option.get_type_name());
  return node;
}

} // namespace

CommandNode describe(const CLI::App& app) {
  CommandNode node{app.get_name(), first_line(app.get_description()), {}, {}, {}};
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) {
      continue;
    }
    auto& list = option->get_lnames().empty() && option->get_snames().empty() ? node.positionals : node.options;
    list.push_back(describe_option(*option));
  }
  for (const CLI::App* subcommand : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (!subcommand->get_group().empty()) {
      node.subcommands.push_back(describe(*subcommand));
    }
  }
  return node;
}

} // namespace agentbox::cli
