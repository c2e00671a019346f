// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime_config.hpp"

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>

#include "oci/command_lines.hpp"
#include "oci/landlock_rules.hpp"
#include "oci/render.hpp"
#include "oci/seccomp/derive.hpp"
#include "policy/egress_json.hpp"
#include "protocol/protocol.hpp"
#include "support/digest.hpp"

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

/// Returns the identity that each destination must have, for agent-entrypoint.
std::string mounts_variable(const json& mounts, const HostFacts& facts) {
  std::map<std::string, std::size_t> last;
  for (std::size_t i = 0; i < mounts.size(); ++i) {
    last[mounts[i].at("destination").get<std::string>()] = i;
  }
  const auto is_covered = [&](const std::string& destination, std::size_t i) {
    std::filesystem::path path = destination;
    for (; path.has_relative_path(); path = path.parent_path()) {
      if (const auto found = last.find(path.string()); found != last.end() && found->second > i) {
        return true;
      }
    }
    return false;
  };
  std::string lines;
  for (std::size_t i = 0; i < mounts.size(); ++i) {
    const json& mount = mounts[i];
    const auto found = facts.sources.find(mount.at("source").get<std::string>());
    const auto destination = mount.at("destination").get<std::string>();
    if (mount.at("type") != "bind" || found == facts.sources.end() || destination.find('\n') != std::string::npos ||
        is_covered(destination, i)) {
      continue; // one path a line; only the hook compares these
    }
    lines += lines.empty() ? "" : "\n";
    lines += protocol::to_text({found->second.device, found->second.inode}) + " " + destination;
  }
  return lines;
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
    environment.push_back(std::string(protocol::k_mounts_variable) + "=" + mounts_variable(all_mounts, facts));
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
