// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "config/merge.hpp"
#include "logins/login_kind.hpp"
#include "policy/agents.hpp"
#include "policy/public_suffix.hpp"
#include "protocol/protocol.hpp"
#include "support/sorted.hpp"
#include "support/text.hpp"

namespace agentbox::config {
namespace {

namespace fs = std::filesystem;

/// Mounts files and directories of the host that [agents.NAME] auth names. agentbox does not interpret their content.
void mount_credentials(const policy::Agent& agent, const Sources& sources, Merged& merged) {
  for (const std::string& path : agent.auth) {
    merged.mounts.push_back({sources.home / path, (fs::path(merged.fields.user.home) / path).string(), false,
                             policy::k_auth_reason + agent.name, agent.name});
  }
}

void allow_renewal(const std::string& agent, const std::vector<std::string>& hosts,
                   const std::vector<ConfigLayer>& layers, Merged& merged) {
  for (const std::string& host : hosts) {
    policy::AllowEntry entry = std::get<policy::AllowEntry>(policy::parse_listed_entry(host));
    if (block_over(entry, layers)) {
      merged.notices.push_back("the login for " + agent + " cannot be renewed in this box: " + host + " is blocked");
    }
    policy::add_entry(std::move(entry), merged.fields.egress);
  }
  support::sort_unique(merged.fields.egress.allow);
}

/// Gives the box a login that is one token, unless it has another one from --env.
void pass_token(const logins::LoginKind& kind, const LoginSource& login, const std::vector<ConfigLayer>& layers,
                Merged& merged) {
  merged.fields.env.emplace(kind.token_variable, login.token);
  allow_renewal(kind.agent, kind.hosts, layers, merged);
}

/// Adds a login that agentbox keeps the same in boxes and outside.
void mount_login(const logins::LoginKind& kind, const LoginSource& login, const std::vector<ConfigLayer>& layers,
                 Merged& merged) {
  const std::string inside = merged.fields.user.home + "/" + protocol::k_login_directory + "/" + kind.agent;
  merged.mounts.push_back({login.shared, inside, false, policy::k_auth_reason + kind.agent, kind.agent, true});
  if (!kind.box_variable.empty()) {
    merged.fields.agent.env[kind.box_variable] = inside;
  }
  allow_renewal(kind.agent, kind.hosts, layers, merged);
}

} // namespace

std::vector<std::string> agents_with_login(const std::vector<ConfigLayer>& layers, const Overrides& overrides,
                                           const std::string& running) {
  std::vector<std::string> names = overrides.auth;
  for (const ConfigLayer& layer : layers) {
    for (const auto& [name, where] : layer.auth) {
      if (name == running && overrides.run.kind != policy::Run::Kind::command) {
        names.push_back(name);
      }
    }
  }
  support::sort_unique(names);
  return names;
}

void merge_logins(const std::vector<ConfigLayer>& layers, const Overrides& overrides, const Sources& sources,
                  Merged& merged, policy::Diagnostics& diagnostics) {
  const auto find = [&](const std::string& name) {
    return std::find_if(merged.agents.begin(), merged.agents.end(),
                        [&](const policy::Agent& agent) { return agent.name == name; });
  };
  for (const ConfigLayer& layer : layers) {
    for (const auto& [name, where] : layer.auth) {
      if (find(name) == merged.agents.end()) {
        unknown_agent(merged.agents, name, where, diagnostics);
      }
    }
  }
  for (const std::string& name : agents_with_login(layers, overrides, merged.fields.agent.name)) {
    const bool asked = support::contains(overrides.auth, name);
    const auto agent = find(name);
    if (agent == merged.agents.end()) {
      unknown_agent(merged.agents, name, "--auth", diagnostics);
      continue;
    }
    const policy::Agent* builtin = policy::find_builtin_agent(name);
    const logins::LoginKind* kind = logins::find_login_kind(name);
    const auto login = sources.logins.find(name);
    if (agent->auth.empty()) {
      diagnostics.push_back(
          {"--auth", "the credentials of " + support::in_quotes(name) + " are unknown to agentbox",
           R"(list them in your configuration, relative to ~: auth = [".config/NAME"] in [agents.NAME])"});
    } else if (kind == nullptr || builtin == nullptr || builtin->auth != agent->auth || login == sources.logins.end()) {
      mount_credentials(*agent, sources, merged);
    } else if (login->second.problem.empty() && !kind->token_variable.empty()) {
      pass_token(*kind, login->second, layers, merged);
    } else if (login->second.problem.empty()) {
      mount_login(*kind, login->second, layers, merged);
    } else if (asked) {
      diagnostics.push_back({policy::k_auth_reason + name, login->second.problem, login->second.hint});
    } else {
      merged.notices.push_back("the box has no login for " + name + " (agent.auth): " + login->second.problem + " (" +
                               login->second.hint + ")");
    }
  }
}

} // namespace agentbox::config
