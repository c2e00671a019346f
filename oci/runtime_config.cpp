// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime_config.hpp"

#include <nlohmann/json.hpp>
#include <tuple>

#include "oci/command_lines.hpp"
#include "oci/expected_mounts.hpp"
#include "oci/landlock_rules.hpp"
#include "oci/render.hpp"
#include "oci/seccomp/derive.hpp"
#include "policy/egress_json.hpp"
#include "protocol/protocol.hpp"
#include "support/digest.hpp"
#include "support/error.hpp"

namespace agentbox::oci {
namespace {

using nlohmann::json;

constexpr const char* k_spec_version = "1.0.2";
constexpr std::uint32_t k_umask = 022;
constexpr std::uint64_t k_firewall_open_files = 16384;

json user_section(const policy::User& user) {
  return {{"uid", user.uid}, {"gid", user.gid}, {"umask", k_umask}};
}

json seccomp_section(const HostFacts& facts, seccomp::Box box, const std::vector<std::string>& capabilities) {
  return seccomp::derive(facts.seccomp_profile, box, facts.arch, capabilities, facts.seccomp_profile_path);
}

/// Returns the identity of each bind mount's source, for the hook.
json sources_section(const json& mounts, const HostFacts& facts) {
  json sources = json::object();
  for (const json& mount : mounts) {
    const auto source = mount.at("source").get<std::string>();
    if (const auto found = facts.sources.find(source); mount.at("type") == "bind" && found != facts.sources.end()) {
      sources[source] = protocol::to_text({found->second.device, found->second.inode});
    }
  }
  return sources;
}

void join_namespaces(json& namespaces, const HostFacts& facts) {
  for (json& entry : namespaces) {
    if (entry.at("type") == "network" && facts.network_namespace) {
      entry["path"] = facts.network_namespace->string();
    }
    if (entry.at("type") == "user" && facts.user_namespace) {
      entry["path"] = facts.user_namespace->string();
    }
  }
}

/// Checks that arguments and environment fit: the kernel allows a quarter of the stack limit, usually 2 MiB, for all
/// strings and their pointers (execve(2)). The policy bounds each string.
void require_room(const json& process) {
  constexpr std::size_t k_max_bytes = (2U << 20U) - (128U << 10U);
  std::size_t bytes = 0;
  for (const char* part : {"args", "env"}) {
    for (const json& text : process.at(part)) {
      bytes += text.get_ref<const std::string&>().size() + 1 + sizeof(char*);
    }
  }
  if (bytes > k_max_bytes) {
    throw support::Error(support::ExitCode::usage,
                         "the box's arguments and environment variables take " + std::to_string(bytes) +
                             " bytes, more than the kernel allows",
                         "pass long values in a file of the project, or with --mount");
  }
}

/// Adds SELinux contexts to a config, if there are any.
json with_labels(json config, const std::string& process, const std::string& files) {
  if (!process.empty()) {
    config["process"]["selinuxLabel"] = process;
    config["linux"]["mountLabel"] = files;
  }
  return config;
}

} // namespace

json render_agent(const policy::Policy& policy, const HostFacts& facts) {
  const auto& [user, workspace, mounts, env, ports, limits, confinement, egress, firewall_driver, agent, run, image,
               ca_bundle, name, hostname] = policy.fields();
  const policy::PolicyFields& fields = policy.fields();
  // mounts, env, run, ca_bundle, egress: used through `fields`. ports: belong to the pod. firewall_driver: in the
  // firewall's argv. image: root.path comes from it.
  std::ignore = std::tie(mounts, env, ports, egress, firewall_driver, run, image, ca_bundle);

  json linux_part = linux_section(confinement, facts);
  linux_part["resources"] = agent_resources(limits, facts.delegated);
  linux_part["seccomp"] = seccomp_section(facts, seccomp::Box::agent, confinement.capabilities);
  join_namespaces(linux_part["namespaces"], facts);
  const json all_mounts = agent_mounts(fields, facts);
  json annotations = {{protocol::k_role_annotation, protocol::k_agent_role},
                      {protocol::k_box_annotation, name},
                      {protocol::k_agent_annotation, agent.name}};
  if (const json sources = sources_section(all_mounts, facts); !sources.empty()) {
    annotations[protocol::k_sources_annotation] = sources.dump();
  }
  json environment = agent_environment(fields, facts);
  if (facts.landlock_abi != 0) {
    environment.push_back(std::string(protocol::k_landlock_variable) + "=" + landlock_rules(fields, facts));
  }
  if (facts.compare_inside) {
    for (std::string& variable : mounts_variables(all_mounts, confinement, facts)) {
      environment.push_back(std::move(variable));
    }
  }
  const SelinuxLabels labels = facts.selinux.value_or(SelinuxLabels());
  json config = {{"ociVersion", k_spec_version},
                 {"hostname", hostname},
                 {"root", {{"path", facts.agent_rootfs}, {"readonly", false}}},
                 {"annotations", std::move(annotations)},
                 {"mounts", all_mounts},
                 {"process",
                  {{"terminal", facts.terminal},
                   {"args", agent_argv(fields, facts.box_directory ? Launcher::agentbox : Launcher::other)},
                   {"cwd", workspace.destination},
                   {"env", std::move(environment)},
                   {"user", user_section(user)},
                   {"capabilities", capability_sets(confinement.capabilities)},
                   {"noNewPrivileges", confinement.no_new_privileges},
                   {"rlimits", resource_limits(limits.pids, limits.open_files, facts)}}},
                 {"linux", std::move(linux_part)}};
  require_room(config.at("process"));
  return with_labels(std::move(config), labels.agent, labels.agent_files);
}

// No RLIMIT_NPROC for the firewall: the limit in force when a user namespace is created permanently bounds everything
// in it, and counts all processes of the host's user there. (With 64 for the firewall, the agent had about 50
// processes.) The pids cgroup limits the firewall if it is delegated.
json render_firewall(const policy::Policy& policy, const HostFacts& facts) {
  const auto& [user, workspace, mounts, env, ports, limits, confinement, egress, firewall_driver, agent, run, image,
               ca_bundle, name, hostname] = policy.fields();
  const policy::PolicyFields& fields = policy.fields();
  // Nothing of the agent's reaches the firewall's container: no workspace, no mounts, no environment.
  std::ignore =
      std::tie(workspace, mounts, env, ports, limits, firewall_driver, agent, run, image, ca_bundle, hostname);

  json linux_part = linux_section(confinement, facts);
  linux_part["resources"] = firewall_resources(facts.delegated);
  linux_part["seccomp"] = seccomp_section(facts, seccomp::Box::firewall, confinement.firewall_capabilities);
  const SelinuxLabels labels = facts.selinux.value_or(SelinuxLabels());
  json config = {{"ociVersion", k_spec_version},
                 {"hostname", pod_name(fields)},
                 {"root", {{"path", facts.firewall_rootfs}, {"readonly", true}}},
                 {"annotations",
                  {{protocol::k_box_annotation, name},
                   {protocol::k_egress_annotation, support::sha256_hex(policy::to_json(egress))}}},
                 {"mounts", firewall_mounts(facts)},
                 {"process",
                  {{"terminal", false},
                   {"args", firewall_argv(fields, facts)},
                   {"cwd", "/"},
                   {"env", firewall_environment()},
                   {"user", user_section(user)},
                   {"capabilities", capability_sets(confinement.firewall_capabilities)},
                   {"noNewPrivileges", confinement.no_new_privileges},
                   {"rlimits", resource_limits(std::nullopt, k_firewall_open_files, facts)}}},
                 {"linux", std::move(linux_part)}};
  return with_labels(std::move(config), labels.firewall, labels.firewall_files);
}

std::string agent_hosts(const policy::PolicyFields& fields) {
  return "127.0.0.1 localhost " + fields.hostname + "\n::1 localhost " + fields.hostname + "\n";
}

std::string agent_resolv_conf(const policy::PolicyFields& fields) {
  switch (fields.egress.mode) {
  case policy::NetworkMode::filtered: return "nameserver 127.0.0.1\noptions timeout:2 attempts:2\n";
  case policy::NetworkMode::full: return "";
  }
  return "";
}

std::string config_text(const json& config) {
  return config.dump(2) + "\n";
}

} // namespace agentbox::oci
