// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <memory>

#include "cli/command_tree.hpp"
#include "cli/subcommands.hpp"
#include "policy/agents.hpp"

namespace agentbox::cli {

void add_completion(CLI::App& app, Context&) {
  CLI::App* completion = app.add_subcommand("completion", "Print a completion script for a shell");
  auto shell = std::make_shared<std::string>();
  completion->add_option("SHELL", *shell, "Shell to complete for")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  completion->callback([shell, &app] {
    std::vector<std::string> links;
    for (const policy::Agent& agent : policy::builtin_agents()) {
      links.push_back(app.get_name() + "-" + agent.name);
    }
    const CommandNode root = describe(app);
    fmt::print("{}", *shell == "bash"  ? bash_completion(root, "run", links)
                     : *shell == "zsh" ? zsh_completion(root, "run", links)
                                       : fish_completion(root, "run", links));
  });
}

} // namespace agentbox::cli
