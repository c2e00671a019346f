// SPDX-License-Identifier: Apache-2.0
#include "oci/pod/pod.hpp"

#include <nlohmann/json.hpp>
#include <tuple>

#include "oci/command_lines.hpp"
#include "oci/pod/pod_parts.hpp"
#include "oci/render.hpp"
#include "oci/runtime_config.hpp"
#include "policy/egress_json.hpp"
#include "protocol/protocol.hpp"
#include "support/digest.hpp"
#include "support/text.hpp"

namespace agentbox::oci {
namespace {

using nlohmann::json;

/// Returns Kubernetes' spelling: NET_ADMIN for CAP_NET_ADMIN.
std::vector<std::string> kubernetes_capabilities(const std::vector<std::string>& names) {
  constexpr std::string_view k_prefix = "CAP_";
  std::vector<std::string> result;
  result.reserve(names.size());
  for (const std::string& name : names) {
    result.push_back(name.starts_with(k_prefix) ? name.substr(k_prefix.size()) : name);
  }
  return result;
}

/// Returns the argv of `firewall lock` for the same ruleset as `serve`.
std::vector<std::string> lock_argv(const std::vector<std::string>& serve) {
  std::vector<std::string> argv = {serve.front(), "lock"};
  for (std::size_t i = 2; i + 1 < serve.size(); i += 2) {
    if (serve[i] != "--box" && serve[i] != "--nonce" && serve[i] != "--run") {
      argv.insert(argv.end(), {serve[i], serve[i + 1]});
    }
  }
  return argv;
}

PodContainer firewall_container(const policy::PolicyFields& fields, const PodFacts& facts) {
  PodContainer result;
  result.name = "firewall";
  result.image = facts.firewall_image;
  result.argv = firewall_argv(fields, facts.host);
  result.argv.insert(result.argv.end(), {"--run", k_scratch_path});
  result.env = variables(firewall_environment(), fields);
  result.working_dir = "/";
  result.user = fields.user;
  result.capabilities = kubernetes_capabilities(fields.confinement.firewall_capabilities);
  result.read_only_root = true;
  result.seccomp_file = k_firewall_seccomp_file;
  result.selinux_level = facts.host.selinux ? facts.host.selinux->firewall_level : "";
  return result;
}

PodContainer agent_container(const policy::PolicyFields& fields, const PodFacts& facts) {
  PodContainer result;
  result.name = "agent";
  result.image = facts.agent_image;
  result.argv = agent_argv(fields, Launcher::other);
  result.env = variables(agent_environment(fields, facts.host), fields);
  // Pod YAML has no field for rlimits: agent-entrypoint sets them before anything else starts.
  result.env.push_back({protocol::k_open_files_variable, std::to_string(fields.limits.open_files), false});
  result.working_dir = fields.workspace.destination;
  result.user = fields.user;
  result.capabilities = kubernetes_capabilities(fields.confinement.capabilities);
  result.terminal = facts.host.terminal;
  result.memory_bytes = fields.limits.memory_bytes;
  result.cpu_millis = fields.limits.cpu_millis;
  result.seccomp_file = k_agent_seccomp_file;
  result.selinux_level = facts.host.selinux ? facts.host.selinux->agent_level : facts.cluster_level;
  return result;
}

} // namespace

std::map<std::string, std::string> describe(const policy::PolicyFields& fields) {
  std::map<std::string, std::string> result = {{protocol::k_agent_annotation, fields.agent.name},
                                               {"org.agentbox.base", fields.image.base}};
  if (!fields.image.toolkits.empty()) {
    result["org.agentbox.toolkits"] = support::join(fields.image.toolkits, " ");
  }
  if (!fields.image.packages.empty()) {
    result["org.agentbox.packages"] = support::join(fields.image.packages, " ");
  }
  if (!fields.image.agents.empty()) {
    std::vector<std::string> names;
    for (const auto& [name, package] : fields.image.agents) {
      names.push_back(package.empty() ? name : name + "=" + package);
    }
    result["org.agentbox.agents"] = support::join(names, " ");
  }
  if (!fields.agent.auth.empty()) { // for information: they are mounted only if the mounts name them
    result["org.agentbox.auth"] = support::join(fields.agent.auth, " ");
  }
  return result;
}

std::string request_text(const policy::Mount& mount) {
  return mount.label ? mount.reason + " (label)" : mount.reason;
}

std::string gate_nonce(const policy::Policy& policy) {
  constexpr std::size_t k_hex_digits = 32;
  return support::sha256_hex("agentbox gate\n" + policy::to_json(policy)).substr(0, k_hex_digits);
}

void check_directory_names(const PodFacts& facts) {
  const auto check = [](const std::filesystem::path& path, const char* what, const char* hint) {
    const std::string& text = path.native();
    if (support::escape_untrusted(text, text.size() * 4) != text) {
      throw support::Error(support::ExitCode::usage,
                           std::string(what) +
                               " has a name with characters that the files cannot contain: " + support::in_quotes(text),
                           hint);
    }
  };
  check(facts.directory, "the output directory", "choose another --output");
  check(facts.host.audit_directory, "the directory of the audit log", "set XDG_STATE_HOME to another directory");
}

Pod make_pod(const policy::Policy& policy, const PodFacts& facts, OutputFormat format) {
  const auto& [user, workspace, mounts, env, ports, limits, confinement, egress, firewall_driver, agent, run, image,
               ca_bundle, name, hostname] = policy.fields();
  const policy::PolicyFields& fields = policy.fields();
  // user, env, limits, confinement, agent, run, firewall_driver: in the containers. image: in the annotations and
  // facts.agent_image. ca_bundle, mounts: among the volumes.
  std::ignore =
      std::tie(user, mounts, env, limits, confinement, firewall_driver, agent, run, image, ca_bundle, workspace);

  if (format != OutputFormat::kubernetes) { // uses no directory of this host
    check_directory_names(facts);
  }
  Pod pod;
  pod.name = pod_name(fields);
  if (name.back() == '-') {
    throw cannot_express(format, "name", name);
  }
  if (!policy::reachable_host_ports(egress).empty()) {
    throw cannot_express(format, "egress.host_ports");
  }
  pod.hostname = hostname;
  pod.labels = {{"app.kubernetes.io/name", "agentbox"}, {"app.kubernetes.io/instance", name}};
  pod.annotations = describe(fields);
  pod.firewall = firewall_container(fields, facts);
  switch (egress.mode) {
  case policy::NetworkMode::filtered:
    pod.lock = pod.firewall;
    pod.lock->name = "lock";
    pod.lock->argv = lock_argv(pod.firewall.argv);
    break;
  case policy::NetworkMode::full: break;
  }
  pod.agent = agent_container(fields, facts);
  pod.ports = ports;
  pod.hosts = agent_hosts(fields);
  pod.resolv_conf = agent_resolv_conf(fields);
  const json firewall_config = render_firewall(policy, facts.host);
  const json agent_config = render_agent(policy, facts.host); // throws for what this host cannot enforce
  pod.seccomp = {{k_agent_seccomp_file, config_text(agent_config.at("linux").at("seccomp"))},
                 {k_firewall_seccomp_file, config_text(firewall_config.at("linux").at("seccomp"))}};
  add_volumes(pod, fields, facts, format);
  return pod;
}

} // namespace agentbox::oci
