// SPDX-License-Identifier: Apache-2.0
#include "image/agent_set.hpp"

#include <algorithm>

namespace agentbox::image {
namespace {

constexpr const char* k_node = "node";

} // namespace

std::vector<agents::AgentData> agents_of(const std::map<std::string, std::string>& chosen, const AgentsLock& lock) {
  std::map<std::string, agents::AgentData> set;
  for (const agents::AgentData& data : agents::agent_data()) {
    const auto found = chosen.find(data.name);
    if (chosen.empty() ? data.in_default_image : found != chosen.end() && found->second.empty()) {
      set[data.name] = data;
    }
  }
  for (const auto& [name, package] : chosen) {
    if (!package.empty()) {
      agents::AgentData& own = set[name] = {};
      const auto pinned = lock.agents.find(name);
      own.name = name;
      own.runtime = k_node;
      own.npm = {package, "", {}, "package/", {}, {}, pinned == lock.agents.end() ? "" : pinned->second.program};
    }
  }
  std::vector<agents::AgentData> runtimes;
  for (const auto& [name, data] : set) {
    if (const agents::AgentData* runtime = agents::find_agent_data(data.runtime)) {
      runtimes.push_back(*runtime);
    }
  }
  for (agents::AgentData& runtime : runtimes) {
    set[runtime.name] = std::move(runtime);
  }
  std::vector<agents::AgentData> list;
  list.reserve(set.size());
  for (auto& [name, data] : set) {
    list.push_back(std::move(data));
  }
  return list;
}

bool is_pinned(const AgentsLock& lock, const std::string& name, const std::string& package) {
  const auto found = lock.agents.find(name);
  if (found == lock.agents.end() || package.empty() != found->second.program.empty()) {
    return false;
  }
  const auto any = found->second.packages.find("any");
  if (package.empty() || any == found->second.packages.end()) {
    return package.empty();
  }
  const std::string name_at = any->second.name + "@";
  return package == name_at + any->second.version || package == name_at + "latest";
}

} // namespace agentbox::image
