// SPDX-License-Identifier: Apache-2.0
#include <set>

#include "catch.hpp"
#include "samples.hpp"

namespace policy = agentbox::policy;
using agentbox::tests::FieldChange;
using policy::Diagnostics;
using policy::Policy;
using policy::PolicyFields;

namespace {

Diagnostics problems(PolicyFields fields) {
  const auto result = policy::build_policy(std::move(fields));
  const auto* found = std::get_if<Diagnostics>(&result);
  return found == nullptr ? Diagnostics() : *found;
}

} // namespace

TEST_CASE("the default contract is a policy, and keeps its values") {
  const auto result = policy::build_policy(policy::default_fields());
  REQUIRE(std::holds_alternative<Policy>(result));
  CHECK(std::get<Policy>(result).fields() == policy::default_fields());
}

TEST_CASE("the default contract has what the documents promise") {
  const PolicyFields fields = policy::default_fields();
  CHECK(fields.user.uid == 1000);
  CHECK(fields.user.home == "/home/agent");
  CHECK(fields.workspace.destination == "/workspace");
  for (const char* path : {".agentbox", ".git/config", ".git/hooks", ".envrc", ".vscode", ".idea", ".husky",
                           ".mcp.json", ".claude/settings.json", ".pre-commit-config.yaml"}) {
    INFO(path);
    const auto& protect = fields.workspace.protect;
    CHECK(std::find(protect.begin(), protect.end(), path) != protect.end());
  }
  CHECK(std::find(fields.workspace.mask.begin(), fields.workspace.mask.end(), ".env") != fields.workspace.mask.end());
  CHECK(fields.mounts.empty());
  CHECK(fields.env.empty());
  CHECK(fields.ports.empty());
  CHECK(fields.limits.pids == 512);
  CHECK(fields.confinement.capabilities.empty());
  CHECK(fields.confinement.no_new_privileges);
  CHECK(fields.egress.mode == policy::NetworkMode::filtered);
  CHECK(fields.egress.allow.size() == 6);
  CHECK(fields.egress.virtual_range.text() == "198.18.0.0/15");
  for (const char* path :
       {"/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware", "/sys/devices/virtual/powercap"}) {
    INFO(path);
    const auto& masked = fields.confinement.masked_paths;
    CHECK(std::find(masked.begin(), masked.end(), path) != masked.end());
  }
}

TEST_CASE("every field can have another valid value") {
  for (const FieldChange& change : agentbox::tests::valid_changes()) {
    INFO(change.name);
    CHECK(problems(agentbox::tests::changed(change)).empty());
  }
}

TEST_CASE("what would weaken the box is refused, and the field is named") {
  const auto mount = [](const char* source, const char* destination) {
    return policy::Mount{source, destination, false, "--mount"};
  };
  const std::string nul("a\0b", 3);
  const std::vector<std::pair<std::string, std::function<void(PolicyFields&)>>> cases = {
      {"user.uid", [](PolicyFields& f) { f.user.uid = 0; }},
      {"user.gid", [](PolicyFields& f) { f.user.gid = 0; }},
      {"user.uid", [](PolicyFields& f) { f.user.uid = 70000; }},
      {"user.name", [](PolicyFields& f) { f.user.name = "root"; }},
      {"user.home", [](PolicyFields& f) { f.user.home = "/root"; }},
      {"workspace", [](PolicyFields& f) { f.workspace.source = "/"; }},
      {"workspace", [](PolicyFields& f) { f.workspace.source = "relative"; }},
      {"workspace", [](PolicyFields& f) { f.workspace.source = "/a/../b"; }},
      {"workspace", [](PolicyFields& f) { f.workspace.source = "/bad\xff"; }},
      {"workspace", [](PolicyFields& f) { f.workspace.destination = "/proc"; }},
      {"workspace", [](PolicyFields& f) { f.workspace.destination = "/"; }},
      {"protect.paths", [](PolicyFields& f) { f.workspace.protect = {"../outside"}; }},
      {"protect.paths", [](PolicyFields& f) { f.workspace.protect = {"/absolute"}; }},
      {"protect.paths",
       [](PolicyFields& f) {
         f.workspace.protect = {"b", "a"};
       }},
      {"mask.paths", [](PolicyFields& f) { f.workspace.mask = {"../outside"}; }},
      {"mask.except", [](PolicyFields& f) { f.workspace.mask_except = {"../outside"}; }},
      {"protect.except", [](PolicyFields& f) { f.workspace.protect_except = {"../outside"}; }},
      {"mask.paths",
       [](PolicyFields& f) {
         f.workspace.mask = {"b", "a"};
       }},
      {"--mount", [&](PolicyFields& f) { f.mounts = {mount("/workspace-source/sub", "/mnt/x")}; }},
      {"--mount", [&](PolicyFields& f) { f.mounts = {mount("/", "/mnt/x")}; }},
      {"--mount", [&](PolicyFields& f) { f.mounts = {mount("/data", "/etc")}; }},
      {"--mount", [&](PolicyFields& f) { f.mounts = {mount("/data", "mnt")}; }},
      {"--mount", [&](PolicyFields& f) { f.mounts = {mount("/data", "/workspace")}; }},
      {"--mount", [&](PolicyFields& f) { f.mounts = {mount("/data", "/workspace/sub")}; }},
      {"--mount",
       [&](PolicyFields& f) {
         f.mounts = {mount("/a", "/mnt/x"), mount("/b", "/mnt/x")};
       }},
      {"--mount",
       [&](PolicyFields& f) {
         f.mounts = {mount("/a", "/mnt/x/y"), mount("/b", "/mnt/x")};
       }},
      {"env.LD_PRELOAD",
       [](PolicyFields& f) {
         f.env = {{"LD_PRELOAD", "/x.so"}};
       }},
      {"env.\"A B\"",
       [](PolicyFields& f) {
         f.env = {{"A B", "x"}};
       }},
      {"env.A",
       [&](PolicyFields& f) {
         f.env = {{"A", nul}};
       }},
      {"env.A",
       [](PolicyFields& f) {
         f.env = {{"A", std::string(200000, 'x')}};
       }},
      {"-p",
       [](PolicyFields& f) {
         f.ports = {{"nonsense", 80, 80}};
       }},
      {"-p",
       [](PolicyFields& f) {
         f.ports = {{"127.0.0.1", 0, 80}};
       }},
      {"-p",
       [](PolicyFields& f) {
         f.ports = {{"127.0.0.1", 80, 80}, {"127.0.0.1", 80, 81}};
       }},
      {"limits.pids", [](PolicyFields& f) { f.limits.pids = 0; }},
      {"limits.pids", [](PolicyFields& f) { f.limits.pids = 100000; }},
      {"limits.memory", [](PolicyFields& f) { f.limits.memory_bytes = 1024; }},
      {"limits.cpus", [](PolicyFields& f) { f.limits.cpu_millis = 0; }},
      {"limits.shm", [](PolicyFields& f) { f.limits.shm_bytes = 0; }},
      {"limits.tmp", [](PolicyFields& f) { f.limits.tmp_bytes = 0; }},
      {"limits.open_files", [](PolicyFields& f) { f.limits.open_files = 3; }},
      {"confinement.capabilities", [](PolicyFields& f) { f.confinement.capabilities = {"CAP_CHOWN"}; }},
      {"confinement.no_new_privileges", [](PolicyFields& f) { f.confinement.no_new_privileges = false; }},
      {"confinement.firewall_capabilities",
       [](PolicyFields& f) { f.confinement.firewall_capabilities.emplace_back("CAP_SYS_ADMIN"); }},
      {"confinement.masked_paths", [](PolicyFields& f) { f.confinement.masked_paths.pop_back(); }},
      {"confinement.readonly_paths", [](PolicyFields& f) { f.confinement.readonly_paths.clear(); }},
      {"network.allow_hosts",
       [](PolicyFields& f) {
         f.egress.allow = {{{"com", true}, 443}};
       }},
      {"network.allow_hosts",
       [](PolicyFields& f) {
         f.egress.allow = {{{"A.com", false}, 443}};
       }},
      {"network.allow_hosts",
       [](PolicyFields& f) {
         f.egress.allow = {{{"1.2.3.4", false}, 443}};
       }},
      {"network.allow_hosts",
       [](PolicyFields& f) {
         f.egress.allow = {{{"a.com", false}, 0}};
       }},
      {"network.allow_hosts", [](PolicyFields& f) { std::swap(f.egress.allow.front(), f.egress.allow.back()); }},
      {"network.allow_private",
       [](PolicyFields& f) {
         f.egress.allow_private = {{"com", true}};
       }},
      {"network.allow_ech",
       [](PolicyFields& f) {
         f.egress.allow_ech = {{"", true}};
       }},
      {"network.virtual_range",
       [](PolicyFields& f) {
         f.egress.virtual_range = {0, 8};
       }},
      {"agents.\"Bad Name\"", [](PolicyFields& f) { f.agent.name = "Bad Name"; }},
      {"agents.codex.command", [](PolicyFields& f) { f.agent.command.clear(); }},
      {"agents.codex.command", [&](PolicyFields& f) { f.agent.command.push_back(nul); }},
      {"agents.codex.auth", [](PolicyFields& f) { f.agent.auth = {"../.ssh"}; }},
      {"agents.codex.env.LD_AUDIT",
       [](PolicyFields& f) {
         f.agent.env = {{"LD_AUDIT", "x"}};
       }},
      {"--prompt", [](PolicyFields& f) { f.run.kind = policy::Run::Kind::prompt; }},
      {"--prompt",
       [](PolicyFields& f) {
         f.run = {policy::Run::Kind::prompt, "hi", {}};
         f.agent.prompt.clear();
       }},
      {"--", [](PolicyFields& f) { f.run.kind = policy::Run::Kind::command; }},
      {"image.base", [](PolicyFields& f) { f.image.base = ""; }},
      {"image.base", [](PolicyFields& f) { f.image.base = "--privileged"; }},
      {"image.base", [](PolicyFields& f) { f.image.base = "debian bookworm"; }},
      {"image.base", [](PolicyFields& f) { f.image.base = "dir:relative"; }},
      {"toolkits.selected", [](PolicyFields& f) { f.image.toolkits = {"pyton"}; }},
      {"ca_bundle", [](PolicyFields& f) { f.ca_bundle = "relative.pem"; }},
      {"--name", [](PolicyFields& f) { f.name = "-x"; }},
      {"--name", [](PolicyFields& f) { f.name = std::string(42, 'a'); }},
      {"hostname", [](PolicyFields& f) { f.hostname = "a.b"; }},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    PolicyFields fields = policy::default_fields();
    cases[i].second(fields);
    const Diagnostics found = problems(fields);
    INFO("case " << i << ", " << cases[i].first);
    REQUIRE_FALSE(found.empty());
    CHECK(found.front().where == cases[i].first);
  }
}

TEST_CASE("all mistakes are reported together") {
  PolicyFields fields = policy::default_fields();
  fields.user.uid = 0;
  fields.limits.pids = 0;
  fields.image.toolkits = {"pyton"};
  fields.env = {{"LD_PRELOAD", "x"}};
  std::set<std::string> places;
  for (const auto& diagnostic : problems(fields)) {
    places.insert(diagnostic.where);
  }
  CHECK(places == std::set<std::string>{"env.LD_PRELOAD", "limits.pids", "toolkits.selected", "user.uid"});
}

TEST_CASE("a typing mistake in a toolkit's name gets a suggestion") {
  PolicyFields fields = policy::default_fields();
  fields.image.toolkits = {"pyton"};
  CHECK(problems(fields).front().message.find("did you mean \"python\"") != std::string::npos);
}
