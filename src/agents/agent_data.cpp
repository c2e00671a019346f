// SPDX-License-Identifier: Apache-2.0
#include "agents/agent_data.hpp"

#include <algorithm>

namespace agentbox::agents {

const std::vector<AgentData>& agent_data() {
  static const std::vector<AgentData> agents = {
#include "agents/agents.inc"
  };
  return agents;
}

const AgentData* find_agent_data(std::string_view name) {
  const auto& agents = agent_data();
  const auto found = std::find_if(agents.begin(), agents.end(), [&](const AgentData& one) { return one.name == name; });
  return found == agents.end() ? nullptr : &*found;
}

} // namespace agentbox::agents
