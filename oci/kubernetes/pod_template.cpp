// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "oci/command_lines.hpp"
#include "oci/kubernetes/kubernetes_parts.hpp"
#include "oci/pod/manifest.hpp"
#include "oci/pod/pod_parts.hpp"
#include "protocol/protocol.hpp"

namespace agentbox::oci {
namespace {

using nlohmann::ordered_json;

constexpr const char* k_lock_comment =
    "Runs to completion before anything else starts: loads the default-deny ruleset. From here on nothing\n"
    "leaves this network namespace, whatever fails later.";
constexpr const char* k_sidecar_comment =
    "A native sidecar: answers DNS on 127.0.0.1 and lets connections to the listed hosts through. It and the\n"
    "lock are the exception to the restricted standard; see above.";

ordered_json seccomp(const PodContainer& container, const KubernetesOptions& options) {
  return options.runtime_seccomp
             ? ordered_json{{"type", "RuntimeDefault"}}
             : ordered_json{{"type", "Localhost"}, {"localhostProfile", "agentbox/" + container.seccomp_file}};
}

/// Returns the securityContext of `container`. The agent's passes the restricted Pod Security Standard. The firewall's
/// is root of the pod's user namespace with two capabilities and no others: for another user Kubernetes only widens the
/// bounding set, which gives nothing to a program without file capabilities.
ordered_json security_context(const PodContainer& container, const KubernetesOptions& options) {
  ordered_json result = ordered_json::object();
  if (container.capabilities.empty()) {
    result = {{"runAsNonRoot", true}, {"runAsUser", container.user.uid}, {"runAsGroup", container.user.gid}};
  } else {
    result = {{"runAsNonRoot", false}, {"runAsUser", 0}, {"runAsGroup", 0}};
  }
  result["allowPrivilegeEscalation"] = false;
  result["capabilities"] = {{"drop", {"ALL"}}};
  if (!container.capabilities.empty()) {
    result["capabilities"]["add"] = container.capabilities;
  }
  result["seccompProfile"] = seccomp(container, options);
  if (container.read_only_root) {
    result["readOnlyRootFilesystem"] = true;
  }
  return result;
}

ordered_json resources(const PodContainer& container) {
  constexpr std::uint64_t k_agent_memory = 512U << 20U;
  constexpr std::uint32_t k_agent_cpu = 250;
  const bool agent = container.capabilities.empty();
  ordered_json limits = limit_list(container);
  ordered_json requests = {{"cpu", "10m"}, {"memory", "16Mi"}};
  if (agent) {
    requests["cpu"] = fmt::format("{}m", std::min(k_agent_cpu, container.cpu_millis.value_or(k_agent_cpu)));
    requests["memory"] = std::to_string(std::min(k_agent_memory, container.memory_bytes.value_or(k_agent_memory)));
  } else {
    limits["memory"] = "128Mi";
  }
  ordered_json result = {{"requests", std::move(requests)}};
  if (!limits.empty()) {
    result["limits"] = std::move(limits);
  }
  return result;
}

ordered_json container(const Pod& pod, const PodContainer& from, const KubernetesOptions& options) {
  ordered_json args = ordered_json::array();
  for (std::size_t i = 1; i < from.argv.size(); ++i) {
    args.push_back(expansion_free(from.argv[i]));
  }
  ordered_json result = {{"name", from.name},
                         {"image", from.image},
                         {"command", {from.argv.front()}},
                         {"args", std::move(args)},
                         {"workingDir", from.working_dir}};
  if (from.terminal) {
    result["tty"] = true;
    result["stdin"] = true;
  }
  result["securityContext"] = security_context(from, options);
  result["resources"] = resources(from);
  ordered_json env = env_list(from, pod.name);
  for (ordered_json& variable : env) {
    if (variable.contains("value")) {
      variable["value"] = expansion_free(variable["value"].get<std::string>());
    }
  }
  if (options.parallel > 1 && from.capabilities.empty()) {
    env.push_back(
        {{"name", "AGENTBOX_INDEX"},
         {"valueFrom",
          {{"fieldRef", {{"fieldPath", "metadata.annotations['batch.kubernetes.io/job-completion-index']"}}}}}});
  }
  result["env"] = std::move(env);
  result["volumeMounts"] = mount_list(pod, from, options);
  return result;
}

ordered_json sidecar(const Pod& pod, const KubernetesOptions& options) {
  ordered_json result = container(pod, pod.firewall, options);
  result["restartPolicy"] = "Always";
  const std::string nonce = pod.firewall.argv.at(5); // serve --box NAME --nonce NONCE
  result["startupProbe"] = {
      {"exec", {{"command", {protocol::k_firewall_program, "ready", "--nonce", nonce, "--run", k_scratch_path}}}},
      {"periodSeconds", 1},
      {"failureThreshold", 30}};
  return result;
}

const char* restart_policy(KubernetesOptions::Kind kind) {
  switch (kind) {
  case KubernetesOptions::Kind::pod:
  case KubernetesOptions::Kind::job: return "Never";
  case KubernetesOptions::Kind::deployment: return "Always"; // a Deployment allows no other
  }
  return "";
}

} // namespace

YamlDocument pod_template(const Pod& pod, const policy::PolicyFields& fields, const KubernetesOptions& options,
                          const std::string& prefix) {
  ordered_json first = ordered_json::array();
  std::map<std::string, std::string> comments;
  const auto add = [&](ordered_json value, const char* comment) {
    comments[prefix + "/spec/initContainers/" + std::to_string(first.size())] = comment;
    first.push_back(std::move(value));
  };
  if (pod.lock) {
    add(container(pod, *pod.lock, options), k_lock_comment);
  }
  add(sidecar(pod, options),
      pod.lock ? k_sidecar_comment : "THE NETWORK IS NOT FILTERED (--full-network): this does nothing but wait.");
  if (!options.git_url.empty()) {
    add(container(pod, clone_container(pod, options), options),
        "Clones the project, behind the same firewall and as confined as the agent.");
  }
  ordered_json meta = metadata(pod, pod.name, options);
  if (!prefix.empty()) { // a template's pods get their names and namespace from its controller
    meta.erase("name");
    meta.erase("namespace");
  }
  meta["annotations"] = string_map(pod.annotations);
  ordered_json security = {{"fsGroup", fields.user.gid}};
  if (!pod.agent.selinux_level.empty()) {
    security["seLinuxOptions"] = {{"level", pod.agent.selinux_level}};
  }
  ordered_json spec = {{"hostname", pod.hostname},
                       {"hostUsers", false},
                       {"restartPolicy", restart_policy(options.kind)},
                       {"automountServiceAccountToken", false},
                       {"enableServiceLinks", false},
                       {"securityContext", std::move(security)},
                       {"initContainers", std::move(first)},
                       {"containers", {container(pod, pod.agent, options)}},
                       {"volumes", volume_list(pod, options)}};
  comments.insert({
      {prefix + "/spec/hostUsers", "The pod's own user namespace: root in it has no privileges on the node."},
      {prefix + "/spec/securityContext/seLinuxOptions",
       "On nodes with SELinux, all pods with this project have the same level: when a pod starts, its volumes are\n"
       "relabelled to its level."},
      {prefix + "/spec/automountServiceAccountToken",
       "No credential of the cluster, and no list of its services, reaches the box."},
      {prefix + "/spec/containers/0",
       "The agent: restricted Pod Security Standard. agent-entrypoint checks that, and that the firewall with the\n"
       "nonce AGENTBOX_GATE answers and its ruleset refuses, before it starts anything."},
  });
  return {{{"metadata", std::move(meta)}, {"spec", std::move(spec)}}, std::move(comments)};
}

} // namespace agentbox::oci
