// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <memory>

#include "agents/agent_data.hpp"
#include "cli/command_tree.hpp"
#include "cli/subcommands.hpp"
#include "config/merge.hpp"
#include "config/read_layers.hpp"
#include "config/sources.hpp"
#include "config/workspace.hpp"
#include "conversations/store.hpp"
#include "logins/login_kind.hpp"
#include "policy/agents.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/local_time.hpp"

namespace agentbox::cli {
namespace {

/// Returns the project of the current directory.
std::filesystem::path current_project() {
  return config::choose_workspace(".", support::home_directory()).path;
}

/// Returns the built-in agents and those of the configuration. Ignores its errors, which other commands report.
Candidates agent_names() {
  policy::Diagnostics ignored;
  std::vector<config::ConfigLayer> layers;
  try {
    layers = config::read_layers(config::standard_sources(current_project()), ignored).layers;
  } catch (const support::Error&) { // no project
  }
  Candidates names;
  for (const policy::Agent& agent : config::merge_agents(layers, ignored)) {
    const agents::AgentData* data = agents::find_agent_data(agent.name);
    names.emplace_back(agent.name, data == nullptr ? "" : data->title);
  }
  return names;
}

Candidates login_names() {
  Candidates names;
  for (const logins::LoginKind& kind : logins::login_kinds()) {
    names.emplace_back(kind.agent, "");
  }
  return names;
}

Candidates conversation_ids(const std::string& agent) {
  Candidates ids;
  for (const auto& one : conversations::find(conversations::project_directory(current_project()))) {
    if ((agent.empty() || one.agent == agent) && !one.is_database()) {
      ids.emplace_back(one.id, one.agent + ", " + support::local_time(one.modified, "%Y-%m-%d %H:%M"));
    }
  }
  return ids;
}

Candidates model_names(const std::string& agent) {
  Candidates models;
  if (const agents::AgentData* data = agents::find_agent_data(agent)) {
    for (const std::string& model : data->models) {
      models.emplace_back(model, "");
    }
  }
  return models;
}

/// Returns the agents, conversations or models that fit. Nothing if they cannot be read: a shell shows no error.
Candidates find_values(const ValuePlace& place) {
  try {
    if (place.name == "AGENT" && (place.command == "login" || place.command == "logout")) {
      return login_names();
    }
    if (place.name == "AGENT" || place.name == "--auth") {
      return agent_names();
    }
    if (place.name == "--resume" || place.name == "ID") {
      return conversation_ids(place.agent);
    }
    if (place.name == "--model") {
      return model_names(place.agent);
    }
  } catch (const support::Error&) { // no project, or files that cannot be read
  }
  return {};
}

} // namespace

void add_completion(const CommandSpec& app, Context& context) {
  const CommandSpec completion = app.command("completion", "Print a completion script for a shell");
  auto shell = std::make_shared<std::string>();
  completion.required("SHELL", *shell, "Shell to complete for", {"bash", "zsh", "fish"});
  completion.action([shell, app, &context] {
    const CommandNode root = describe(app.app());
    if (context.command) { // the script asks
      fmt::print("{}", completions(*shell, root, "run", *context.command, find_values));
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
