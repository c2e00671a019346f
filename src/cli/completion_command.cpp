// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <memory>

#include "cli/command_tree.hpp"
#include "cli/subcommands.hpp"
#include "policy/agents.hpp"

namespace agentbox::cli {

void add_completion(const CommandSpec& app, Context& /*context*/) {
  const CommandSpec completion = app.command("completion", "Print a completion script for a shell");
  auto shell = std::make_shared<std::string>();
  completion.required("SHELL", *shell, "Shell to complete for", {"bash", "zsh", "fish"});
  completion.action([shell, app] {
    const CommandNode root = describe(app.app());
    std::vector<std::string> links;
    for (const policy::Agent& agent : policy::builtin_agents()) {
      links.push_back(root.name + "-" + agent.name);
    }
    fmt::print("{}", *shell == "bash"  ? bash_completion(root, "run", links)
                     : *shell == "zsh" ? zsh_completion(root, "run", links)
                                       : fish_completion(root, "run", links));
  });
}

} // namespace agentbox::cli
