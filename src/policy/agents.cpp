// SPDX-License-Identifier: Apache-2.0
#include "policy/agents.hpp"

#include <algorithm>

namespace agentbox::policy {
namespace {

std::vector<std::string> operator+(std::vector<std::string> first, const std::vector<std::string>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

/// Codex has no environment variables for these; `-c KEY=VALUE` sets what its config.toml documents.
Agent codex() {
  const std::vector<std::string> quiet = {
      "-c", "check_for_update_on_startup=false",
      "-c", "analytics.enabled=false",
      "-c", "feedback.enabled=false",
      "-c", "otel.exporter=\"none\"",
      "-c", "otel.trace_exporter=\"none\"",
      "-c", "otel.metrics_exporter=\"none\"",
      "-c", "features.plugins=false", // else it fetches a catalogue of plugins from github.com at every start
  };
  Agent agent;
  agent.name = "codex";
  agent.command = std::vector<std::string>{"codex", "--dangerously-bypass-approvals-and-sandbox"} + quiet;
  agent.prompt =
      std::vector<std::string>{"codex", "exec", "--dangerously-bypass-approvals-and-sandbox", "--skip-git-repo-check"} +
      quiet + std::vector<std::string>{"--"};
  agent.auth = {".codex/auth.json"};
  agent.history = {".codex/sessions"}; // its databases are rebuilt from these files (Codex 0.169)
  agent.continue_last = {"resume", "--last"};
  agent.resume = {"resume"};
  agent.model = {"--model"};
  return agent;
}

/// Only the file with the credentials: the rest of ~/.claude holds hooks and settings that the host's own claude runs.
Agent claude() {
  Agent agent;
  agent.name = "claude";
  agent.command = {"claude", "--dangerously-skip-permissions"};
  agent.prompt = {"claude", "--dangerously-skip-permissions", "-p", "--"};
  agent.env = {
      {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"},
      {"CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL",
       "1"}, // else github.com and downloads.claude.ai are asked
      {"DISABLE_AUTOUPDATER", "1"},
      {"DISABLE_ERROR_REPORTING", "1"},
      {"DISABLE_TELEMETRY", "1"},
      {"DISABLE_UPDATES", "1"},
  };
  agent.auth = {".claude/.credentials.json"};
  agent.history = {".claude/projects"};
  agent.continue_last = {"--continue"};
  agent.resume = {"--resume"};
  agent.model = {"--model"};
  return agent;
}

} // namespace

const std::vector<Agent>& builtin_agents() {
  static const std::vector<Agent> agents = {claude(), codex()};
  return agents;
}

const Agent* find_builtin_agent(std::string_view name) {
  const auto& agents = builtin_agents();
  const auto found = std::find_if(agents.begin(), agents.end(), [&](const Agent& agent) { return agent.name == name; });
  return found == agents.end() ? nullptr : &*found;
}

const std::vector<std::string>& default_hosts() {
  static const std::vector<std::string> hosts = {
      "api.anthropic.com", "api.openai.com", "auth.openai.com", "chat.openai.com", "chatgpt.com", "platform.openai.com",
  };
  return hosts;
}

} // namespace agentbox::policy
