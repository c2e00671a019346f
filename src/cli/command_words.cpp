// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iterator>

#include "cli/app.hpp"

namespace agentbox::cli {

CommandLine with_subcommand(std::string_view program, std::span<const std::string> arguments,
                            std::span<const std::string> subcommands) {
  CommandLine words;
  const auto dashes = std::find(arguments.begin(), arguments.end(), "--");
  if (dashes != arguments.end()) {
    words.has_command = true;
    words.command.assign(std::next(dashes), arguments.end());
  }
  constexpr std::string_view k_prefix = "agentbox-";
  const std::string_view name = program.substr(program.rfind('/') + 1);
  const std::string first = dashes == arguments.begin() ? std::string() : arguments.front();
  const bool global = first == "--help" || first == "-h" || first == "--version";
  if (name.starts_with(k_prefix) && name.size() > k_prefix.size()) {
    words.options = {"run", std::string(name.substr(k_prefix.size()))};
  } else if (!global && std::find(subcommands.begin(), subcommands.end(), first) == subcommands.end()) {
    words.options = {"run"};
  }
  words.options.insert(words.options.end(), arguments.begin(), dashes);
  return words;
}

} // namespace agentbox::cli
