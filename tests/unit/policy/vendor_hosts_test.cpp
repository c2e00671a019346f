// SPDX-License-Identifier: Apache-2.0
#include "policy/vendor_hosts.hpp"

#include "catch.hpp"
#include "policy/agents.hpp"
#include "policy/host_pattern.hpp"

namespace policy = agentbox::policy;

namespace {

policy::PolicyFields asks(const std::string& agent, const std::vector<std::string>& hosts) {
  policy::PolicyFields fields;
  fields.agent = *policy::find_builtin_agent(agent);
  fields.run.kind = policy::Run::Kind::prompt;
  for (const std::string& host : hosts) {
    fields.egress.allow.push_back(std::get<policy::HostEntry>(policy::parse_host_entry(host)));
  }
  return fields;
}

} // namespace

TEST_CASE("an agent that can reach none of its vendor's hosts is noticed") {
  CHECK(unreachable_vendor(asks("claude", {})) == std::vector<std::string>{"api.anthropic.com"});
  CHECK(unreachable_vendor(asks("codex", {"allowed.example"})) ==
        std::vector<std::string>{"api.openai.com", "chatgpt.com"});
  CHECK(unreachable_vendor(asks("claude", {"api.anthropic.com:8443"})).size() == 1);
}

TEST_CASE("one of its vendor's hosts is enough") {
  CHECK(unreachable_vendor(asks("claude", {"api.anthropic.com"})).empty());
  CHECK(unreachable_vendor(asks("codex", {"api.openai.com"})).empty());
  CHECK(unreachable_vendor(asks("codex", {"chatgpt.com"})).empty());
}

TEST_CASE("a command, an open network and another provider need no vendor") {
  policy::PolicyFields fields = asks("claude", {});
  SECTION("a command") {
    fields.run.kind = policy::Run::Kind::command;
  }
  SECTION("an open network") {
    fields.egress.mode = policy::NetworkMode::full;
  }
  SECTION("another provider") {
    fields.env["ANTHROPIC_BASE_URL"] = "https://gateway.example";
  }
  SECTION("an agent of a config") {
    fields.agent.name = "mine";
  }
  CHECK(unreachable_vendor(fields).empty());
}
