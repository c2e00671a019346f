// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <memory>

#include "cli/command_tree.hpp"
#include "cli/subcommands.hpp"
#include "policy/agents.hpp"

namespace agentbox::cli {

void add_completion(const CommandSpec& app, Context& context) {
  const CommandSpec completion = app.command("completion", "Print a completion script for a shell");
  auto shell = std::make_shared<std::string>();
  completion.required("SHELL", *shell, "Shell to complete for", {"bash", "zsh", "fish"});
  completion.action([shell, app, &context] {
    const CommandNode root = describe(app.app());
    if (context.command) { // the script asks
      fmt::print("{}", completions(*shell, root, "run", *context.command));
      return;
    }
    std::vector<std::string> links;
    for (const policy::Agent& agent : policy::builtin_agents()) {
      links.push_back(root.name + "-" + agent.name);
    }
    fmt::print("{}", completion_script(*shell, root, links));
  });
}

} // namespace agentbox::cli
