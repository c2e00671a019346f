// SPDX-License-Identifier: Apache-2.0
#include "policy/agents.hpp"

#include <algorithm>

#include "agents/agent_data.hpp"
#include "support/sorted.hpp"

namespace agentbox::policy {

const std::vector<Agent>& builtin_agents() {
  static const std::vector<Agent> known = [] {
    std::vector<Agent> list;
    for (const agents::AgentData& data : agents::agent_data()) {
      if (data.is_runtime) {
        continue;
      }
      list.push_back({data.name, data.command, data.prompt, data.env, data.auth, data.history, data.continue_last,
                      data.resume, data.model, data.about});
    }
    return list;
  }();
  return known;
}

const Agent* find_builtin_agent(std::string_view name) {
  const auto& known = builtin_agents();
  const auto found = std::find_if(known.begin(), known.end(), [&](const Agent& agent) { return agent.name == name; });
  return found == known.end() ? nullptr : &*found;
}

const std::vector<std::string>& default_hosts() {
  static const std::vector<std::string> hosts = [] {
    std::vector<std::string> list;
    for (const agents::AgentData& data : agents::agent_data()) {
      list.insert(list.end(), data.default_hosts.begin(), data.default_hosts.end());
    }
    support::sort_unique(list);
    return list;
  }();
  return hosts;
}

} // namespace agentbox::policy
