// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "policy/policy.hpp"

namespace agentbox::tests {

/// One way to change a policy. Shared by the tests of rules, JSON and differences, so that a field that is forgotten in
/// one of them is noticed.
struct FieldChange {
  std::string name;
  std::function<void(policy::PolicyFields&)> apply;
};

/// Returns one change for every field that can have a different value in a valid policy.
inline const std::vector<FieldChange>& valid_changes() {
  using policy::PolicyFields;
  static const std::vector<FieldChange> changes = {
      {"user.uid", [](PolicyFields& f) { f.user.uid = 1001; }},
      {"user.gid", [](PolicyFields& f) { f.user.gid = 1001; }},
      {"user.name", [](PolicyFields& f) { f.user.name = "other"; }},
      {"workspace.source", [](PolicyFields& f) { f.workspace.source = "/other"; }},
      {"workspace.destination", [](PolicyFields& f) { f.workspace.destination = "/project"; }},
      {"protect.paths", [](PolicyFields& f) { f.workspace.protect = {".agentbox"}; }},
      {"mask.except", [](PolicyFields& f) { f.workspace.mask_except = {".env.production"}; }},
      {"protect.except", [](PolicyFields& f) { f.workspace.protect_except = {".githooks"}; }},
      {"mask.paths", [](PolicyFields& f) { f.workspace.mask = {".env"}; }},
      {"mounts",
       [](PolicyFields& f) {
         f.mounts = {{"/data", "/mnt/data", true, "--mount"}};
       }},
      {"env",
       [](PolicyFields& f) {
         f.env = {{"EDITOR", "vi"}};
       }},
      {"ports",
       [](PolicyFields& f) {
         f.ports = {{"127.0.0.1", 8080, 80}};
       }},
      {"limits.pids", [](PolicyFields& f) { f.limits.pids = 1024; }},
      {"limits.memory", [](PolicyFields& f) { f.limits.memory_bytes = 1ULL << 30U; }},
      {"limits.cpus", [](PolicyFields& f) { f.limits.cpu_millis = 1500; }},
      {"limits.shm", [](PolicyFields& f) { f.limits.shm_bytes = 128ULL << 20U; }},
      {"limits.tmp", [](PolicyFields& f) { f.limits.tmp_bytes = 128ULL << 20U; }},
      {"limits.open_files", [](PolicyFields& f) { f.limits.open_files = 1024; }},
      {"confinement.masked_paths", [](PolicyFields& f) { f.confinement.masked_paths.emplace_back("/proc/extra"); }},
      {"confinement.readonly_paths", [](PolicyFields& f) { f.confinement.readonly_paths.emplace_back("/proc/extra"); }},
      {"verify.on_start", [](PolicyFields& f) { f.confinement.prove_at_start = true; }},
      {"network.mode", [](PolicyFields& f) { f.egress.mode = policy::NetworkMode::full; }},
      {"network.virtual_range",
       [](PolicyFields& f) { f.egress.virtual_range = *policy::parse_virtual_range("10.0.0.0/8"); }},
      {"network.allow", [](PolicyFields& f) { f.egress.allow.pop_back(); }},
      {"network.block",
       [](PolicyFields& f) {
         f.egress.block = {{"evil.example.com", false}};
       }},
      {"network.allow_ech",
       [](PolicyFields& f) {
         f.egress.allow_ech = {{"api.openai.com", false}};
       }},
      {"network.allow_private",
       [](PolicyFields& f) {
         f.egress.allow_private = {{"api.openai.com", false}};
       }},
      {"network.driver", [](PolicyFields& f) { f.firewall_driver = policy::FirewallDriver::iptables; }},
      {"agent", [](PolicyFields& f) { f.agent.name = "other"; }},
      {"agent.command", [](PolicyFields& f) { f.agent.command = {"other"}; }},
      {"agent.prompt", [](PolicyFields& f) { f.agent.prompt = {"other"}; }},
      {"agent.env", [](PolicyFields& f) { f.agent.env["X"] = "y"; }},
      {"agent.auth", [](PolicyFields& f) { f.agent.auth = {".other"}; }},
      {"run",
       [](PolicyFields& f) {
         f.run = {policy::Run::Kind::command, "", {"true"}};
       }},
      {"image.base", [](PolicyFields& f) { f.image.base = "fedora:41"; }},
      {"toolkits.selected", [](PolicyFields& f) { f.image.toolkits = {"python"}; }},
      {"agents.packages", [](PolicyFields& f) { f.image.packages = {"jq"}; }},
      {"agents.npm",
       [](PolicyFields& f) {
         f.image.agents = {{"mine", "mine@1.0.0"}};
       }},
      {"ca_bundle", [](PolicyFields& f) { f.ca_bundle = "/etc/ca.pem"; }},
      {"name", [](PolicyFields& f) { f.name = "other"; }},
      {"hostname", [](PolicyFields& f) { f.hostname = "other"; }},
  };
  return changes;
}

/// Returns the default contract with one change.
inline policy::PolicyFields changed(const FieldChange& change) {
  policy::PolicyFields fields = policy::default_fields();
  change.apply(fields);
  return fields;
}

} // namespace agentbox::tests
