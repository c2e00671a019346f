// SPDX-License-Identifier: Apache-2.0
// One change of every field of the policy, for the tests that demand that each output shows it.
#pragma once
#include <functional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "unit/oci/sample.hpp"

namespace agentbox::tests {

using policy::PolicyFields;

/// One field, and a change to it.
struct Variation {
  std::string field;
  std::function<void(PolicyFields&)> change;
};

/// Fields for which build_policy() accepts only one value: no option loosens them.
inline const std::set<std::string>& not_a_choice() {
  static const std::set<std::string> fields = {"user.home", "confinement.capabilities", "confinement.no_new_privileges",
                                               "confinement.firewall_capabilities"};
  return fields;
}

/// Returns the policy that the changes are made to.
inline PolicyFields base_fields() {
  PolicyFields fields = sample_fields();
  fields.mounts = {{"/srv/data", "/data", false, "--mount"}};
  fields.ports = {{"127.0.0.1", 8080, 8080}};
  fields.env = {{"COLOUR", "blue"}};
  fields.run.kind = policy::Run::Kind::agent;
  return fields;
}

/// Returns one variation of each field. The bindings break the build when a struct gains a field: add its variation.
inline std::vector<Variation> variations() {
  const PolicyFields probe = base_fields();
  {
    const auto& [user, workspace, mounts, env, ports, limits, confinement, egress, driver, agent, run, image, ca, name,
                 host] = probe;
    const auto& [uid, gid, user_name, home] = user;
    const auto& [source, destination, protect, mask, except, shown] = workspace;
    const auto& [mount_source, mount_destination, read_only, reason, label] = mounts.front();
    const auto& [address, host_port, box_port] = ports.front();
    const auto& [pids, memory, cpu, shm, tmp, open_files] = limits;
    const auto& [capabilities, no_new_privileges, firewall_capabilities, masked, readonly, prove] = confinement;
    const auto& [mode, range, allow, block, allow_ech, allow_private, addresses, host_ports, max_upload, uploads,
                 proxy] = egress;
    const auto& [agent_name, command, prompt, agent_env, auth, history, continue_last, resume, model, about] = agent;
    const auto& [kind, run_prompt, run_command, arguments] = run;
    std::ignore = std::tie(history, continue_last, resume, model, about, arguments);
    const auto& [base, toolkits, packages, agents] = image;
    std::ignore = std::tie(packages, agents);
    std::ignore = std::tie(env, driver, ca, name, host, uid, gid, user_name, home, source, destination, protect, mask,
                           except, shown, mount_source);
    std::ignore =
        std::tie(mount_destination, read_only, reason, address, host_port, box_port, pids, memory, cpu, shm, tmp);
    std::ignore =
        std::tie(open_files, capabilities, no_new_privileges, firewall_capabilities, masked, readonly, mode, range);
    std::ignore = std::tie(allow, block, allow_ech, allow_private, agent_name, command, prompt, agent_env, auth, kind);
    std::ignore = std::tie(addresses, host_ports, max_upload, uploads, proxy);
    std::ignore = std::tie(run_prompt, run_command, base, toolkits, prove, label);
  }
  return {
      {"user.uid", [](auto& f) { f.user.uid = 1001; }},
      {"user.gid", [](auto& f) { f.user.gid = 1001; }},
      {"user.name", [](auto& f) { f.user.name = "dev"; }},
      {"user.home", [](auto& f) { f.user.home = "/home/dev"; }},
      {"workspace.source", [](auto& f) { f.workspace.source = "/home/dev/other"; }},
      {"workspace.destination", [](auto& f) { f.workspace.destination = "/work"; }},
      {"workspace.protect", [](auto& f) { f.workspace.protect = {".envrc"}; }},
      {"workspace.mask_except", [](auto& f) { f.workspace.mask_except = {"web/.env"}; }},
      {"workspace.protect_except", [](auto& f) { f.workspace.protect_except = {"tools"}; }},
      {"workspace.mask", [](auto& f) { f.workspace.mask = {"secret"}; }},
      {"mounts.source", [](auto& f) { f.mounts[0].source = "/srv/more"; }},
      {"mounts.destination", [](auto& f) { f.mounts[0].destination = "/more"; }},
      {"mounts.read_only", [](auto& f) { f.mounts[0].read_only = true; }},
      {"mounts.reason", [](auto& f) { f.mounts[0].reason = "--auth codex"; }},
      {"mounts.label", [](auto& f) { f.mounts[0].label = true; }},
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
      {"confinement.prove_at_start", [](auto& f) { f.confinement.prove_at_start = true; }},
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
      {"egress.allow_addresses",
       [](auto& f) {
         f.egress.allow_addresses = {{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 10, 0, 0, 5}, 128, 5432}};
       }},
      {"egress.host_ports", [](auto& f) { f.egress.host_ports = {11434}; }},
      {"egress.max_upload", [](auto& f) { f.egress.max_upload = 1000; }},
      {"egress.upload_limits",
       [](auto& f) {
         f.egress.upload_limits = {{f.egress.allow.front().pattern, 1000}};
       }},
      {"egress.upstream_proxy",
       [](auto& f) {
         f.egress.upstream_proxy = {"proxy.example.com", 3128};
       }},
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
      {"agent.history", [](auto& f) { f.agent.history.push_back(".more"); }},
      {"agent.continue_last", [](auto& f) { f.agent.continue_last.push_back("--more"); }},
      {"agent.resume", [](auto& f) { f.agent.resume.push_back("--more"); }},
      {"agent.model", [](auto& f) { f.agent.model.push_back("--more"); }},
      {"agent.about", [](auto& f) { f.agent.about.push_back("--more"); }},
      {"run.arguments", [](auto& f) { f.run.arguments.push_back("--more"); }},
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
      {"image.packages", [](auto& f) { f.image.packages = {"jq"}; }},
      {"image.agents",
       [](auto& f) {
         f.image.agents = {{"gemini", ""}};
       }},
      {"ca_bundle", [](auto& f) { f.ca_bundle = "/etc/ssl/corp.pem"; }},
      {"name", [](auto& f) { f.name = "other"; }},
      {"hostname", [](auto& f) { f.hostname = "other"; }},
  };
}

} // namespace agentbox::tests
