// SPDX-License-Identifier: Apache-2.0
#include "policy/vendor_hosts.hpp"

#include <algorithm>
#include <array>

#include "policy/egress_index.hpp"

namespace agentbox::policy {
namespace {

constexpr std::array k_other_provider = {
    "ANTHROPIC_BASE_URL",      "CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX",
    "CLAUDE_CODE_USE_FOUNDRY", "OPENAI_BASE_URL",
};

} // namespace

const std::vector<std::string>& vendor_hosts(std::string_view agent) {
  static const std::vector<std::string> claude = {"api.anthropic.com"};
  static const std::vector<std::string> codex = {"api.openai.com", "chatgpt.com"}; // an API key, an account
  static const std::vector<std::string> none;
  return agent == "claude" ? claude : agent == "codex" ? codex : none;
}

std::vector<std::string> unreachable_vendor(const PolicyFields& fields) {
  const bool other_provider = std::any_of(k_other_provider.begin(), k_other_provider.end(),
                                          [&](const char* name) { return fields.env.find(name) != fields.env.end(); });
  if (fields.run.kind == Run::Kind::command || fields.egress.mode == NetworkMode::full || other_provider) {
    return {};
  }
  const EgressIndex index(fields.egress);
  const std::vector<std::string>& hosts = vendor_hosts(fields.agent.name);
  const bool reachable = std::any_of(hosts.begin(), hosts.end(),
                                     [&](const std::string& host) { return index.decide(host, 443).allowed(); });
  return reachable ? std::vector<std::string>{} : hosts;
}

} // namespace agentbox::policy
