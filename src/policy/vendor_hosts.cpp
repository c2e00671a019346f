// SPDX-License-Identifier: Apache-2.0
#include "policy/vendor_hosts.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include "policy/egress_index.hpp"
#include "policy/path_rules.hpp"

namespace agentbox::policy {
namespace {

constexpr std::array k_other_provider = {
    "ANTHROPIC_BASE_URL",      "CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX",
    "CLAUDE_CODE_USE_FOUNDRY", "OPENAI_BASE_URL",
};

constexpr const char* k_with_key = "api.openai.com";
constexpr const char* k_with_account = "chatgpt.com";

bool has(const PolicyFields& fields, const char* variable) {
  return fields.env.find(variable) != fields.env.end();
}

/// Whether codex will use an API key for certain: credentials that are mounted may be an account's, and go before it.
bool codex_uses_key(const PolicyFields& fields) {
  const std::string credentials = fields.user.home + "/.codex/auth.json";
  const std::string reason = std::string(k_auth_reason) + "codex";
  const bool mounted = std::any_of(fields.mounts.begin(), fields.mounts.end(), [&](const Mount& mount) {
    return mount.reason == reason || contains_path(mount.destination, credentials);
  });
  return !mounted && (has(fields, "CODEX_API_KEY") || has(fields, "OPENAI_API_KEY"));
}

} // namespace

const std::vector<std::string>& vendor_hosts(std::string_view agent) {
  static const std::vector<std::string> claude = {"api.anthropic.com"};
  static const std::vector<std::string> codex = {k_with_key, k_with_account};
  static const std::vector<std::string> none;
  return agent == "claude" ? claude : agent == "codex" ? codex : none;
}

VendorGap vendor_gap(const PolicyFields& fields) {
  const bool other_provider = std::any_of(k_other_provider.begin(), k_other_provider.end(),
                                          [&](const char* name) { return has(fields, name); });
  if (fields.run.kind == Run::Kind::command || fields.egress.mode == NetworkMode::full || other_provider) {
    return {};
  }
  const EgressIndex index(fields.egress);
  const std::vector<std::string>& hosts = vendor_hosts(fields.agent.name);
  VendorGap gap;
  std::copy_if(hosts.begin(), hosts.end(), std::back_inserter(gap.hosts),
               [&](const std::string& host) { return !index.decide(host, k_https_port).allowed(); });
  gap.hopeless = !gap.hosts.empty() && gap.hosts.size() == hosts.size();
  if (fields.agent.name == "codex" && !gap.hopeless && codex_uses_key(fields)) {
    std::erase(gap.hosts, k_with_account);
    gap.hopeless = !gap.hosts.empty();
  }
  return gap;
}

const std::vector<KnownRequest>& known_requests(std::string_view agent) {
  // Its announcements (announcement_tip.toml): asked for before any setting is looked at.
  static const std::vector<KnownRequest> codex = {{"raw.githubusercontent.com", 1}};
  static const std::vector<KnownRequest> none;
  return agent == "codex" ? codex : none;
}

} // namespace agentbox::policy
