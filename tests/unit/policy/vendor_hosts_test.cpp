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
  CHECK(vendor_gap(asks("claude", {})) == policy::VendorGap{{"api.anthropic.com"}, true});
  CHECK(vendor_gap(asks("codex", {"allowed.example"})) == policy::VendorGap{{"api.openai.com", "chatgpt.com"}, true});
  CHECK(vendor_gap(asks("claude", {"api.anthropic.com:8443"})).hopeless);
}

TEST_CASE("an agent that can reach its vendor is not") {
  CHECK(vendor_gap(asks("claude", {"api.anthropic.com"})).hosts.empty());
  CHECK(vendor_gap(asks("codex", {"api.openai.com", "chatgpt.com"})).hosts.empty());
}

TEST_CASE("which of its hosts codex needs depends on its credentials") {
  policy::PolicyFields key = asks("codex", {"chatgpt.com"});
  policy::PolicyFields account = asks("codex", {"api.openai.com"});
  SECTION("unknown: one of them may suffice") {
    CHECK(vendor_gap(key) == policy::VendorGap{{"api.openai.com"}, false});
    CHECK(vendor_gap(account) == policy::VendorGap{{"chatgpt.com"}, false});
  }
  SECTION("a key") {
    const char* variable = GENERATE("CODEX_API_KEY", "OPENAI_API_KEY");
    key.env[variable] = account.env[variable] = "x";
    CHECK(vendor_gap(key) == policy::VendorGap{{"api.openai.com"}, true});
    CHECK(vendor_gap(account).hosts.empty());
  }
  SECTION("a key, and conversations, which do not count as credentials") {
    key.env["CODEX_API_KEY"] = "x";
    key.mounts.push_back({"/s/history/1/.codex/sessions", key.user.home + "/.codex/sessions", false, "agent.history"});
    CHECK(vendor_gap(key) == policy::VendorGap{{"api.openai.com"}, true});
  }
  SECTION("a key, and credentials that may be an account's") {
    key.env["CODEX_API_KEY"] = "x";
    key.mounts.push_back({"/home/d/.codex/auth.json", key.user.home + "/.codex/auth.json", false, "--auth codex"});
    CHECK(vendor_gap(key) == policy::VendorGap{{"api.openai.com"}, false});
  }
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
  CHECK(vendor_gap(fields).hosts.empty());
}
