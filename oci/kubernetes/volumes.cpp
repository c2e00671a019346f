// SPDX-License-Identifier: Apache-2.0
#include "oci/kubernetes/kubernetes_parts.hpp"
#include "oci/names.hpp"
#include "oci/pod/manifest.hpp"
#include "support/error.hpp"

namespace agentbox::oci {
namespace {

using nlohmann::ordered_json;

ordered_json memory(std::uint64_t bytes) {
  return {{"emptyDir", {{"medium", "Memory"}, {"sizeLimit", std::to_string(bytes)}}}};
}

/// How a cluster finds each kind of volume. A new kind does not compile until it is here.
struct Source {
  const Pod& pod;
  const KubernetesOptions& options;

  ordered_json operator()(const HostSource& from) const {
    throw support::Error(support::ExitCode::failed, "internal error: a host path in a manifest: " + from.path.string());
  }
  ordered_json operator()(const MemorySource& from) const { return memory(from.bytes); }
  ordered_json operator()(const TextSource& from) const {
    return {{"configMap", {{"name", pod.name}, {"items", {{{"key", from.file}, {"path", from.file}}}}}}};
  }
  ordered_json operator()(const ScratchSource& /*from*/) const { return {{"emptyDir", ordered_json::object()}}; }
  ordered_json operator()(const WorkspaceSource& from) const {
    if (options.workspace_host_path) {
      return {{"hostPath", {{"path", from.path.string()}, {"type", "Directory"}}}};
    }
    if (!options.workspace_claim.empty()) {
      return {{"persistentVolumeClaim", {{"claimName", options.workspace_claim}}}};
    }
    return {{"emptyDir", ordered_json::object()}};
  }
};

/// The folder of the workspace's volume that is the project, for each agent its own. Empty: the whole volume.
std::string project_folder(const KubernetesOptions& options) {
  if (!options.git_url.empty()) {
    return k_clone_folder; // an emptyDir: each pod has its own
  }
  return options.parallel > 1 ? "agent-$(AGENTBOX_INDEX)" : "";
}

} // namespace

ordered_json volume_list(const Pod& pod, const KubernetesOptions& options) {
  ordered_json result = ordered_json::array();
  for (const Volume& volume : pod.volumes) {
    ordered_json entry = {{"name", volume.name}};
    entry.update(std::visit(Source{pod, options}, volume.from));
    result.push_back(std::move(entry));
  }
  return result;
}

ordered_json mount_list(const Pod& pod, const PodContainer& container, const KubernetesOptions& options) {
  ordered_json result = ordered_json::array();
  for (const auto& [volume, path, sub_path, read_only, comment] : container.mounts) {
    ordered_json mount = {{"name", volume}, {"mountPath", path}};
    std::string below = sub_path;
    if (volume == "workspace" && container.name == "agent") {
      const std::string folder = project_folder(options);
      below = folder.empty() || sub_path.empty() ? folder + sub_path : folder + "/" + sub_path;
    }
    if (!below.empty()) {
      mount[below.find("$(") != std::string::npos ? "subPathExpr" : "subPath"] = below;
    }
    if (read_only) {
      mount["readOnly"] = true;
    }
    result.push_back(std::move(mount));
  }
  static_cast<void>(pod);
  return result;
}

ordered_json text_map(const Pod& pod, const KubernetesOptions& options) {
  ordered_json data = ordered_json::object();
  for (const Volume& volume : pod.volumes) {
    if (const auto* text = std::get_if<TextSource>(&volume.from)) {
      data[text->file] = text->content;
    }
  }
  return {{"apiVersion", "v1"},
          {"kind", "ConfigMap"},
          {"metadata", metadata(pod, pod.name, options)},
          {"data", std::move(data)}};
}

ordered_json metadata(const Pod& pod, const std::string& name, const KubernetesOptions& options) {
  ordered_json result = {{"name", name}};
  if (!options.name_space.empty()) {
    result["namespace"] = options.name_space;
  }
  result["labels"] = string_map(pod.labels);
  return result;
}

PodContainer clone_container(const Pod& pod, const KubernetesOptions& options) {
  const std::string volume_path = "/workspaces";
  PodContainer result = pod.agent;
  result.name = "clone";
  result.terminal = false;
  result.working_dir = volume_path;
  result.argv = {k_entrypoint_program, "exec", "git", "clone"};
  if (!options.git_branch.empty()) {
    result.argv.insert(result.argv.end(), {"--branch", options.git_branch});
  }
  result.argv.insert(result.argv.end(), {"--", options.git_url, volume_path + "/" + k_clone_folder});
  result.mounts.clear();
  for (const VolumeMount& mount : pod.agent.mounts) { // the agent's, but the workspace as a whole
    if (mount.volume != "workspace") {
      result.mounts.push_back(mount);
    }
  }
  result.mounts.push_back({"workspace", volume_path, "", false, ""});
  return result;
}

} // namespace agentbox::oci
