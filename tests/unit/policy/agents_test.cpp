// SPDX-License-Identifier: Apache-2.0
#include "policy/agents.hpp"

#include <algorithm>

#include "catch.hpp"
#include "policy/host_pattern.hpp"
#include "policy/policy.hpp"

namespace policy = agentbox::policy;

namespace {

bool has(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

} // namespace

TEST_CASE("the agents of agents/*.toml exist, and no others") {
  std::vector<std::string> names;
  for (const policy::Agent& agent : policy::builtin_agents()) {
    names.push_back(agent.name);
  }
  CHECK(names == std::vector<std::string>{"claude", "codex", "copilot", "gemini", "opencode", "qwen"});
  REQUIRE(policy::find_builtin_agent("codex") != nullptr);
  REQUIRE(policy::find_builtin_agent("claude") != nullptr);
  CHECK(policy::find_builtin_agent("Codex") == nullptr);
  CHECK(policy::find_builtin_agent("") == nullptr);
}

TEST_CASE("approvals are off in both forms, and a prompt cannot turn into an option") {
  const policy::Agent& codex = *policy::find_builtin_agent("codex");
  CHECK(codex.command.front() == "codex");
  CHECK(has(codex.command, "--dangerously-bypass-approvals-and-sandbox"));
  CHECK(codex.prompt.at(1) == "exec");
  CHECK(has(codex.prompt, "--dangerously-bypass-approvals-and-sandbox"));
  CHECK(has(codex.prompt, "--skip-git-repo-check"));
  CHECK(codex.prompt.back() == "--");

  const policy::Agent& claude = *policy::find_builtin_agent("claude");
  CHECK(claude.command == std::vector<std::string>{"claude", "--dangerously-skip-permissions"});
  CHECK(has(claude.prompt, "--dangerously-skip-permissions"));
  CHECK(has(claude.prompt, "-p"));
  CHECK(claude.prompt.back() == "--");
}

TEST_CASE("the prompt of every agent cannot turn into an option") {
  for (const policy::Agent& agent : policy::builtin_agents()) {
    INFO(agent.name);
    CHECK((agent.prompt.back() == "--" || agent.prompt.back().ends_with('=')));
  }
}

TEST_CASE("updates and telemetry are off") {
  const policy::Agent& codex = *policy::find_builtin_agent("codex");
  for (const auto* words : {&codex.command, &codex.prompt}) {
    CHECK(has(*words, "check_for_update_on_startup=false"));
    CHECK(has(*words, "analytics.enabled=false"));
    CHECK(has(*words, "otel.exporter=\"none\""));
  }
  const policy::Agent& claude = *policy::find_builtin_agent("claude");
  for (const char* name : {"DISABLE_AUTOUPDATER", "DISABLE_TELEMETRY", "DISABLE_ERROR_REPORTING",
                           "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"}) {
    INFO(name);
    CHECK(claude.env.at(name) == "1");
  }
}

TEST_CASE("only credentials are mounted by --auth, never what the host's own agent would execute") {
  CHECK(policy::find_builtin_agent("codex")->auth == std::vector<std::string>{".codex/auth.json"});
  CHECK(policy::find_builtin_agent("claude")->auth == std::vector<std::string>{".claude/.credentials.json"});
}

TEST_CASE("the default hosts are canonical, sorted, and exactly the contract's") {
  const std::vector<std::string> expected = {"api.anthropic.com", "api.openai.com", "auth.openai.com",
                                             "chat.openai.com",   "chatgpt.com",    "platform.openai.com"};
  CHECK(policy::default_hosts() == expected);
  for (const std::string& host : policy::default_hosts()) {
    CHECK(policy::is_canonical_name(host));
  }
  CHECK(std::is_sorted(policy::toolkit_names().begin(), policy::toolkit_names().end()));
}
