// SPDX-License-Identifier: Apache-2.0
#include <map>

#include "config/merge.hpp"
#include "policy/agents.hpp"
#include "support/text.hpp"

namespace agentbox::config {

std::vector<policy::Agent> merge_agents(const std::vector<ConfigLayer>& layers, policy::Diagnostics& diagnostics) {
  std::map<std::string, policy::Agent> agents;
  for (const policy::Agent& agent : policy::builtin_agents()) {
    agents[agent.name] = agent;
  }
  for (const ConfigLayer& layer : layers) {
    for (const auto& [name, change] : layer.agents) {
      policy::Agent& agent = agents[name];
      agent.name = name;
      agent.command = change.command.value_or(agent.command);
      agent.prompt = change.prompt.value_or(agent.prompt);
      agent.auth = change.auth.value_or(agent.auth);
      agent.history = change.history.value_or(agent.history);
      agent.continue_last = change.continue_last.value_or(agent.continue_last);
      agent.resume = change.resume.value_or(agent.resume);
      agent.model = change.model.value_or(agent.model);
      agent.about = change.about.value_or(agent.about);
      for (const auto& [variable, value] : change.env) {
        agent.env[variable] = value;
      }
      if (name == "last_used") {
        diagnostics.push_back({change.where, "an agent cannot be named \"last_used\"", "choose another name"});
      }
      if (agent.command.empty()) {
        diagnostics.push_back({change.where, "the agent " + support::in_quotes(name) + " has no command",
                               R"(add command = ["program", "argument"])"});
      }
    }
  }
  std::vector<policy::Agent> list;
  list.reserve(agents.size());
  for (auto& [name, agent] : agents) {
    list.push_back(std::move(agent));
  }
  return list;
}

} // namespace agentbox::config
