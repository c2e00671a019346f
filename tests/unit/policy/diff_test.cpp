// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "catch.hpp"
#include "policy/agents.hpp"
#include "samples.hpp"

namespace policy = agentbox::policy;
using policy::Change;
using policy::PolicyFields;
using Direction = policy::Change::Direction;

namespace {

policy::HostEntry entry(std::string_view text) {
  return std::get<policy::HostEntry>(policy::parse_host_entry(text));
}

PolicyFields with_allow(std::vector<policy::HostEntry> allow, std::vector<policy::HostPattern> block = {}) {
  PolicyFields fields = policy::default_fields();
  fields.egress.allow = std::move(allow);
  fields.egress.block = std::move(block);
  std::sort(fields.egress.allow.begin(), fields.egress.allow.end());
  return fields;
}

Change only(const std::vector<Change>& changes) {
  REQUIRE(changes.size() == 1);
  return changes.front();
}

} // namespace

TEST_CASE("equal policies do not differ") {
  CHECK(policy::diff(policy::default_fields(), policy::default_fields()).empty());
}

TEST_CASE("no change of a field goes unnoticed, in either direction") {
  for (const auto& change : agentbox::tests::valid_changes()) {
    INFO(change.name);
    const PolicyFields after = agentbox::tests::changed(change);
    const auto there = policy::diff(policy::default_fields(), after);
    const auto back = policy::diff(after, policy::default_fields());
    REQUIRE_FALSE(there.empty());
    REQUIRE_FALSE(back.empty());
    CHECK(std::any_of(there.begin(), there.end(),
                      [&](const Change& found) { return found.field.starts_with(change.name); }));
  }
}

TEST_CASE("a change that is not known to be harmless is broader") {
  for (const char* name : {"user.uid", "workspace.source", "mounts", "env", "ports", "limits.pids", "network.mode",
                           "network.allow_ech", "network.allow_private", "agent.command", "agent.env", "agent.auth",
                           "image.base", "ca_bundle", "protect.paths", "protect.except", "mask.paths"}) {
    INFO(name);
    const auto& all = agentbox::tests::valid_changes();
    const auto change = std::find_if(all.begin(), all.end(), [&](const auto& item) { return item.name == name; });
    REQUIRE(change != all.end());
    const auto found = policy::diff(policy::default_fields(), agentbox::tests::changed(*change));
    CHECK(std::any_of(found.begin(), found.end(), [](const Change& c) { return c.direction == Direction::broader; }));
  }
}

TEST_CASE("tightening is recognised") {
  for (const char* name :
       {"limits.memory", "limits.cpus", "limits.tmp", "limits.open_files", "confinement.masked_paths",
        "confinement.readonly_paths", "network.allow", "network.block"}) {
    INFO(name);
    const auto& all = agentbox::tests::valid_changes();
    const auto change = std::find_if(all.begin(), all.end(), [&](const auto& item) { return item.name == name; });
    REQUIRE(change != all.end());
    const auto found = policy::diff(policy::default_fields(), agentbox::tests::changed(*change));
    CHECK(std::all_of(found.begin(), found.end(), [](const Change& c) { return c.direction == Direction::tighter; }));
  }
}

TEST_CASE("a missing limit is the broadest") {
  PolicyFields limited = policy::default_fields();
  limited.limits.memory_bytes = 1ULL << 30U;
  CHECK(only(policy::diff(limited, policy::default_fields())).direction == Direction::broader);
  CHECK(only(policy::diff(limited, policy::default_fields())).text == "1073741824 -> unlimited");
  CHECK(only(policy::diff(policy::default_fields(), limited)).direction == Direction::tighter);
}

TEST_CASE("hosts") {
  const auto base = with_allow({entry("a.com")});
  CHECK(only(policy::diff(base, with_allow({entry("a.com"), entry("b.com")}))) ==
        Change{Direction::broader, "network.allow", "+ b.com:443"});
  CHECK(only(policy::diff(with_allow({entry("a.com"), entry("b.com")}), base)) ==
        Change{Direction::tighter, "network.allow", "- b.com:443"});
  CHECK(only(policy::diff(base, with_allow({entry("a.com"), entry("a.com:22")}))).direction == Direction::broader);
}

TEST_CASE("a host that a wildcard already allows is nothing new") {
  const auto wide = with_allow({entry("*.a.com")});
  CHECK(only(policy::diff(wide, with_allow({entry("*.a.com"), entry("x.a.com")}))).direction == Direction::neutral);
  CHECK(only(policy::diff(wide, with_allow({entry("*.a.com"), entry("*.x.a.com")}))).direction == Direction::neutral);
  CHECK(only(policy::diff(wide, with_allow({entry("*.a.com"), entry("a.com")}))).direction == Direction::broader);
  CHECK(only(policy::diff(wide, with_allow({entry("*.a.com"), entry("x.a.com:22")}))).direction == Direction::broader);
  const auto narrowed = policy::diff(wide, with_allow({entry("x.a.com")}));
  REQUIRE(narrowed.size() == 2);
  CHECK(narrowed[0] == Change{Direction::tighter, "network.allow", "- *.a.com:443"});
  CHECK(narrowed[1] == Change{Direction::neutral, "network.allow", "+ x.a.com:443"});
}

TEST_CASE("a host that is blocked in both is nothing new, unless the block is removed") {
  const policy::HostPattern block{"a.com", true};
  const auto blocked = with_allow({entry("b.com")}, {block});
  CHECK(only(policy::diff(blocked, with_allow({entry("b.com"), entry("x.a.com")}, {block}))).direction ==
        Direction::neutral);
  const auto opened = policy::diff(blocked, with_allow({entry("b.com"), entry("x.a.com")}));
  REQUIRE(opened.size() == 2);
  CHECK(std::all_of(opened.begin(), opened.end(), [](const Change& c) { return c.direction == Direction::broader; }));
}

TEST_CASE("a read-only mount that becomes writable is broader") {
  PolicyFields before = policy::default_fields();
  before.mounts = {{"/data", "/mnt/data", true, "--mount"}};
  PolicyFields after = before;
  after.mounts.front().read_only = false;
  CHECK(only(policy::diff(before, after)).direction == Direction::broader);
  CHECK(only(policy::diff(after, before)).direction == Direction::tighter);
}

TEST_CASE("a mount that is labelled for SELinux is broader, even if it also becomes read-only") {
  PolicyFields before = policy::default_fields();
  before.mounts = {{"/data", "/mnt/data", false, "--mount"}};
  PolicyFields after = before;
  after.mounts.front().label = true;
  CHECK(only(policy::diff(before, after)) ==
        Change{Direction::broader, "mounts",
               "/data at /mnt/data (read-write) -> /data at /mnt/data (read-write, label)"});
  CHECK(only(policy::diff(after, before)).direction == Direction::tighter);
  after.mounts.front().read_only = true;
  CHECK(only(policy::diff(before, after)).direction == Direction::broader);
}

TEST_CASE("choosing another built-in agent is neutral, changing one is not") {
  PolicyFields claude = policy::default_fields();
  claude.agent = *policy::find_builtin_agent("claude");
  const auto chosen = policy::diff(policy::default_fields(), claude);
  REQUIRE_FALSE(chosen.empty());
  CHECK(std::all_of(chosen.begin(), chosen.end(), [](const Change& c) { return c.direction == Direction::neutral; }));

  PolicyFields forged = claude;
  forged.agent.command.emplace_back("--mcp-config=evil");
  const auto found = policy::diff(claude, forged);
  CHECK(only(found).direction == Direction::broader);
}

TEST_CASE("credentials are not shown in a difference") {
  PolicyFields after = policy::default_fields();
  after.env = {{"API_TOKEN", "very-secret"}};
  CHECK(only(policy::diff(policy::default_fields(), after)).text == "+ API_TOKEN=(hidden)");
  policy::PolicyFields other = after;
  other.env["API_TOKEN"] = "another secret";
  CHECK(only(policy::diff(after, other)) == Change{Direction::broader, "env.API_TOKEN", "(hidden) -> (hidden)"});
}
