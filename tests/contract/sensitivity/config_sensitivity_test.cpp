// SPDX-License-Identifier: Apache-2.0
// Every field of the policy, changed in turn, must change a container's config.json, or stand in the table of those
// that cannot, with the reason.
#include <functional>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "catch.hpp"
#include "oci/runtime_config.hpp"
#include "unit/oci/sample.hpp"

namespace agentbox {
namespace {

using policy::PolicyFields;

struct Variation {
  std::string field;
  std::function<void(PolicyFields&)> change;
};

/// Fields that no config.json shows, and where they count instead.
const std::map<std::string, std::string>& cannot_express() {
  static const std::map<std::string, std::string> table = {
      {"mounts.reason", "shown to the user, not to the box"},
      {"ports.address", "the pod's: podman pod create --publish"},
      {"ports.host_port", "the pod's: podman pod create --publish"},
      {"agent.auth", "becomes mounts before anything is rendered"},
      {"image.base", "becomes root.path, a fact of the host"},
      {"image.toolkits", "becomes root.path, a fact of the host"},
  };
  return table;
}

/// Fields of which build_policy() accepts one value only: a looser box is not an option that exists.
const std::set<std::string>& not_a_choice() {
  static const std::set<std::string> fields = {"user.home", "confinement.capabilities", "confinement.no_new_privileges",
                                               "confinement.firewall_capabilities"};
  return fields;
}

PolicyFields base_fields() {
  PolicyFields fields = tests::sample_fields();
  fields.mounts = {{"/srv/data", "/data", false, "--mount"}};
  fields.ports = {{"127.0.0.1", 8080, 8080}};
  fields.env = {{"COLOUR", "blue"}};
  fields.run.kind = policy::Run::Kind::agent;
  return fields;
}

oci::HostFacts facts_for(const PolicyFields& fields) {
  oci::HostFacts facts = tests::sample_facts();
  facts.protected_paths = fields.workspace.protect;
  facts.sources = {{fields.workspace.source, {1, 1, true}}, {fields.workspace.source / ".git", {1, 2, true}}};
  for (const std::string& path : fields.workspace.protect) {
    facts.sources[fields.workspace.source / path] = {1, 3, true};
  }
  for (const policy::Mount& mount : fields.mounts) {
    facts.sources[mount.source] = {1, 4, true};
  }
  return facts;
}

std::string rendered(const PolicyFields& fields) {
  const policy::Policy policy = tests::build(fields);
  const oci::HostFacts facts = facts_for(fields);
  return oci::config_text(oci::render_agent(policy, facts)) + oci::config_text(oci::render_firewall(policy, facts));
}

/// One variation of each field. The bindings break the build when a struct gains a field: add its variation.
std::vector<Variation> variations() {
  const PolicyFields probe = base_fields();
  {
    const auto& [user, workspace, mounts, env, ports, limits, confinement, egress, driver, agent, run, image, ca, name,
                 host] = probe;
    const auto& [uid, gid, user_name, home] = user;
    const auto& [source, destination, protect] = workspace;
    const auto& [mount_source, mount_destination, read_only, reason] = mounts.front();
    const auto& [address, host_port, box_port] = ports.front();
    const auto& [pids, memory, cpu, shm, tmp, open_files] = limits;
    const auto& [capabilities, no_new_privileges, firewall_capabilities, masked, readonly] = confinement;
    const auto& [mode, range, allow, block, allow_ech, allow_private] = egress;
    const auto& [agent_name, command, prompt, agent_env, auth] = agent;
    const auto& [kind, run_prompt, run_command] = run;
    const auto& [base, toolkits] = image;
    std::ignore =
        std::tie(env, driver, ca, name, host, uid, gid, user_name, home, source, destination, protect, mount_source);
    std::ignore =
        std::tie(mount_destination, read_only, reason, address, host_port, box_port, pids, memory, cpu, shm, tmp);
    std::ignore =
        std::tie(open_files, capabilities, no_new_privileges, firewall_capabilities, masked, readonly, mode, range);
    std::ignore = std::tie(allow, block, allow_ech, allow_private, agent_name, command, prompt, agent_env, auth, kind);
    std::ignore = std::tie(run_prompt, run_command, base, toolkits);
  }
  return {
      {"user.uid", [](auto& f) { f.user.uid = 1001; }},
      {"user.gid", [](auto& f) { f.user.gid = 1001; }},
      {"user.name", [](auto& f) { f.user.name = "dev"; }},
      {"user.home", [](auto& f) { f.user.home = "/home/dev"; }},
      {"workspace.source", [](auto& f) { f.workspace.source = "/home/dev/other"; }},
      {"workspace.destination", [](auto& f) { f.workspace.destination = "/work"; }},
      {"workspace.protect", [](auto& f) { f.workspace.protect = {".envrc"}; }},
      {"mounts.source", [](auto& f) { f.mounts[0].source = "/srv/more"; }},
      {"mounts.destination", [](auto& f) { f.mounts[0].destination = "/more"; }},
      {"mounts.read_only", [](auto& f) { f.mounts[0].read_only = true; }},
      {"mounts.reason", [](auto& f) { f.mounts[0].reason = "--auth codex"; }},
      {"env", [](auto& f) { f.env["COLOUR"] = "red"; }},
      {"ports.address", [](auto& f) { f.ports[0].address = "127.0.0.2"; }},
      {"ports.host_port", [](auto& f) { f.ports[0].host_port = 8081; }},
      {"ports.box_port", [](auto& f) { f.ports[0].box_port = 8081; }},
      {"limits.pids", [](auto& f) { f.limits.pids = 100; }},
      {"limits.memory_bytes", [](auto& f) { f.limits.memory_bytes = 1U << 30U; }},
      {"limits.cpu_millis", [](auto& f) { f.limits.cpu_millis = 500; }},
      {"limits.shm_bytes", [](auto& f) { f.limits.shm_bytes *= 2; }},
      {"limits.tmp_bytes", [](auto& f) { f.limits.tmp_bytes *= 2; }},
      {"limits.open_files", [](auto& f) { f.limits.open_files = 4096; }},
      {"confinement.capabilities", [](auto& f) { f.confinement.capabilities = {"CAP_CHOWN"}; }},
      {"confinement.no_new_privileges", [](auto& f) { f.confinement.no_new_privileges = false; }},
      {"confinement.firewall_capabilities",
       [](auto& f) { f.confinement.firewall_capabilities.push_back("CAP_SYS_ADMIN"); }},
      {"confinement.masked_paths", [](auto& f) { f.confinement.masked_paths.push_back("/sys/zz"); }},
      {"confinement.readonly_paths", [](auto& f) { f.confinement.readonly_paths.push_back("/sys/zz"); }},
      {"egress.mode", [](auto& f) { f.egress.mode = policy::NetworkMode::full; }},
      {"egress.virtual_range",
       [](auto& f) {
         f.egress.virtual_range = {0x0A000000, 16};
       }},
      {"egress.allow", [](auto& f) { f.egress.allow.pop_back(); }},
      {"egress.block",
       [](auto& f) {
         f.egress.block = {{"evil.example", true}};
       }},
      {"egress.allow_ech", [](auto& f) { f.egress.allow_ech = {f.egress.allow.front().pattern}; }},
      {"egress.allow_private", [](auto& f) { f.egress.allow_private = {f.egress.allow.front().pattern}; }},
      {"firewall_driver", [](auto& f) { f.firewall_driver = policy::FirewallDriver::iptables; }},
      {"agent.name", [](auto& f) { f.agent.name = "other"; }},
      {"agent.command", [](auto& f) { f.agent.command.push_back("--more"); }},
      {"agent.prompt",
       [](auto& f) {
         f.run = {policy::Run::Kind::prompt, "x", {}};
         f.agent.prompt.push_back("--more");
       }},
      {"agent.env", [](auto& f) { f.agent.env["OF_THE_AGENT"] = "1"; }},
      {"agent.auth", [](auto& f) { f.agent.auth.push_back(".more"); }},
      {"run.kind",
       [](auto& f) {
         f.run = {policy::Run::Kind::command, "", {"make"}};
       }},
      {"run.prompt",
       [](auto& f) {
         f.run = {policy::Run::Kind::prompt, "y", {}};
       }},
      {"run.command",
       [](auto& f) {
         f.run = {policy::Run::Kind::command, "", {"true"}};
       }},
      {"image.base", [](auto& f) { f.image.base = "docker.io/library/fedora:40"; }},
      {"image.toolkits", [](auto& f) { f.image.toolkits = {"python"}; }},
      {"ca_bundle", [](auto& f) { f.ca_bundle = "/etc/ssl/corp.pem"; }},
      {"name", [](auto& f) { f.name = "other"; }},
      {"hostname", [](auto& f) { f.hostname = "other"; }},
  };
}

TEST_CASE("every field of the policy changes a config.json, or the table says why not") {
  const std::string before = rendered(base_fields());
  for (const Variation& variation : variations()) {
    INFO(variation.field);
    PolicyFields fields = base_fields();
    variation.change(fields);
    REQUIRE_FALSE(fields == base_fields());
    if (not_a_choice().contains(variation.field)) {
      CHECK(std::holds_alternative<policy::Diagnostics>(policy::build_policy(fields)));
      continue;
    }
    CHECK((rendered(fields) == before) == cannot_express().contains(variation.field));
  }
}

} // namespace
} // namespace agentbox
