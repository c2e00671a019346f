// SPDX-License-Identifier: Apache-2.0
#include "oci/kubernetes/kubernetes.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "oci/kubernetes/kubernetes_parts.hpp"
#include "oci/pod/manifest.hpp"

namespace agentbox::oci {
namespace {

using nlohmann::ordered_json;

constexpr const char* k_manifest_file = "manifest.yaml";

YamlDocument workload(const Pod& pod, const policy::PolicyFields& fields, const KubernetesOptions& options) {
  YamlDocument document =
      pod_template(pod, fields, options, options.kind == KubernetesOptions::Kind::pod ? "" : "/spec/template");
  ordered_json inner = std::move(document.value);
  switch (options.kind) {
  case KubernetesOptions::Kind::pod: {
    ordered_json value = {{"apiVersion", "v1"}, {"kind", "Pod"}};
    value.update(inner);
    document.value = std::move(value);
    break;
  }
  case KubernetesOptions::Kind::job: {
    document.value = {{"apiVersion", "batch/v1"},
                      {"kind", "Job"},
                      {"metadata", metadata(pod, pod.name, options)},
                      {"spec",
                       {{"completionMode", "Indexed"},
                        {"completions", options.parallel},
                        {"parallelism", options.parallel},
                        {"backoffLimit", 0},
                        {"template", std::move(inner)}}}};
    document.comments["/spec/backoffLimit"] = "A box that has failed is not restarted.";
    break;
  }
  case KubernetesOptions::Kind::deployment: {
    inner["metadata"].erase("name");
    document.value = {{"apiVersion", "apps/v1"},
                      {"kind", "Deployment"},
                      {"metadata", metadata(pod, pod.name, options)},
                      {"spec",
                       {{"replicas", 1},
                        {"strategy", {{"type", "Recreate"}}},
                        {"selector", {{"matchLabels", string_map(pod.labels)}}},
                        {"template", std::move(inner)}}}};
    document.comments["/spec/strategy"] = "Recreate: never run two agents in one workspace.";
    break;
  }
  }
  return document;
}

std::string how_to_look(const Pod& pod, const KubernetesOptions& options) {
  switch (options.kind) {
  case KubernetesOptions::Kind::pod:
    return pod.agent.terminal ? "Attach:  kubectl attach -it " + pod.name + " -c agent\n"
                              : "Logs:    kubectl logs -f " + pod.name + " -c agent\n";
  case KubernetesOptions::Kind::job:
    return "Logs:    kubectl logs -c agent -l app.kubernetes.io/instance=" +
           pod.labels.at("app.kubernetes.io/instance") + " --prefix\n";
  case KubernetesOptions::Kind::deployment:
    return pod.agent.terminal ? "Attach:  kubectl attach -it deployment/" + pod.name + " -c agent\n"
                              : "Logs:    kubectl logs -f deployment/" + pod.name + " -c agent\n";
  }
  return {};
}

std::string seccomp_words(const Pod& pod, const KubernetesOptions& options) {
  if (options.runtime_seccomp) {
    return "Seccomp: the container runtime's own filter (--runtime-seccomp). It is BROADER than agentbox's: user "
           "namespaces,\n"
           "         AF_VSOCK, AF_ALG and the like depend on the runtime.\n";
  }
  return fmt::format(
      "Seccomp: agentbox's own filters. Copy {0} and {1}\n"
      "         to /var/lib/kubelet/seccomp/agentbox/ on every node (or let the Security Profiles Operator do it).\n"
      "         If they are missing, the pod does not start. --runtime-seccomp does not need them, but is broader.\n",
      pod.agent.seccomp_file, pod.firewall.seccomp_file);
}

std::string header(const Pod& pod, const policy::PolicyFields& fields, const KubernetesOptions& options) {
  std::string text = fmt::format(
      "Box \"{}\" for Kubernetes 1.29 and newer (native sidecars; user namespaces from 1.33, or the feature gate).\n\n"
      "Start:   kubectl apply -f {}\n{}"
      "Stop:    kubectl delete -f {}\n"
      "Images:  push {} and\n         {} where the nodes can pull them from.\n{}",
      fields.name, k_manifest_file, how_to_look(pod, options), k_manifest_file, pod.agent.image, pod.firewall.image,
      seccomp_words(pod, options));
  if (needs_secret(pod)) {
    text += fmt::format(
        "Secret:  kubectl create secret generic {}-env --from-literal=NAME=VALUE, before the first start.\n", pod.name);
  }
  if (!options.workspace_claim.empty()) {
    text += fmt::format(
        "Project: the claim {} must already contain the Git checkout{}. Missing protected paths are created as empty\n"
        "         directories, missing masked paths as empty files.\n",
        options.workspace_claim, options.parallel > 1 ? ", one each in agent-0, agent-1, …" : "");
  }
  text += "\nPod Security: the agent's container passes the \"restricted\" standard. The firewall's two containers do "
          "not: they\n"
          "need NET_ADMIN and NET_BIND_SERVICE, as root of the pod's own user namespace (hostUsers: false), because a\n"
          "cluster has no other way to give a capability. So the namespace must not enforce \"baseline\" or "
          "\"restricted\":\n"
          "give boxes a namespace of their own, labelled pod-security.kubernetes.io/enforce=privileged and "
          "warn=restricted.\n"
          "Processes: agent-entrypoint limits them (RLIMIT_NPROC); the kubelet's podPidsLimit may limit\n"
          "them further.\n";
  return text;
}

} // namespace

GeneratedSet render_kubernetes(const policy::Policy& policy, const PodFacts& facts, const KubernetesOptions& options) {
  check_options(policy.fields(), options);
  if (!policy.fields().ports.empty()) {
    throw cannot_express(OutputFormat::kubernetes, "ports");
  }
  const Pod pod = make_pod(policy, facts, OutputFormat::kubernetes);
  std::vector<YamlDocument> documents = {
      {text_map(pod, options), {{"/data", "What the box may reach, and the agent's own /etc files."}}},
      network_policy(pod, policy.fields().egress, options),
      workload(pod, policy.fields(), options)};
  GeneratedSet set = {{k_manifest_file, yaml_text(header(pod, policy.fields(), options), documents)}};
  if (!options.runtime_seccomp) {
    for (const auto& [file, text] : pod.seccomp) {
      set.push_back({file, text});
    }
  }
  return set;
}

} // namespace agentbox::oci
