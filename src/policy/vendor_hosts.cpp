// SPDX-License-Identifier: Apache-2.0
#include "policy/vendor_hosts.hpp"

#include <algorithm>
#include <iterator>

#include "agents/agent_data.hpp"
#include "policy/egress_index.hpp"
#include "policy/path_rules.hpp"
#include "support/sorted.hpp"

namespace agentbox::policy {
namespace {

using agents::AgentData;

bool has_any(const PolicyFields& fields, const std::vector<std::string>& variables) {
  return std::any_of(variables.begin(), variables.end(),
                     [&](const std::string& name) { return fields.env.find(name) != fields.env.end(); });
}

/// Returns whether the agent is certain to use an API key: mounted credentials may be an account's, and take
/// precedence.
bool uses_key(const AgentData& agent, const PolicyFields& fields) {
  const std::string reason = std::string(k_auth_reason) + agent.name;
  const bool mounted = std::any_of(fields.mounts.begin(), fields.mounts.end(), [&](const Mount& mount) {
    return mount.reason == reason || std::any_of(agent.auth.begin(), agent.auth.end(), [&](const std::string& path) {
             return contains_path(mount.destination, fields.user.home + "/" + path);
           });
  });
  return !mounted && has_any(fields, agent.key_variables);
}

} // namespace

VendorGap vendor_gap(const PolicyFields& fields) {
  const AgentData* agent = agents::find_agent_data(fields.agent.name);
  if (agent == nullptr || fields.run.kind == Run::Kind::command || fields.egress.mode == NetworkMode::full ||
      has_any(fields, agent->provider_variables)) {
    return {};
  }
  const EgressIndex index(fields.egress);
  VendorGap gap;
  std::copy_if(agent->hosts.begin(), agent->hosts.end(), std::back_inserter(gap.hosts),
               [&](const std::string& host) { return !index.decide(host, k_https_port).allowed(); });
  gap.hopeless = !gap.hosts.empty() && gap.hosts.size() == agent->hosts.size();
  if (!agent->hosts_with_key.empty() && !gap.hopeless && uses_key(*agent, fields)) {
    std::erase_if(gap.hosts, [&](const std::string& host) { return !support::contains(agent->hosts_with_key, host); });
    gap.hopeless = !gap.hosts.empty();
  }
  return gap;
}

} // namespace agentbox::policy
