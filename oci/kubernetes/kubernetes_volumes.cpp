// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "oci/kubernetes/kubernetes_parts.hpp"
#include "oci/pod/manifest.hpp"
#include "protocol/protocol.hpp"
#include "support/error.hpp"

namespace agentbox::oci {
namespace {

using nlohmann::ordered_json;

ordered_json memory(std::uint64_t bytes) {
  return {{"emptyDir", {{"medium", "Memory"}, {"sizeLimit", std::to_string(bytes)}}}};
}

/// Returns the source of each kind of volume for a cluster. A new kind does not compile until it is here.
struct ManifestVolumeSource {
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

/// Sets the sub-path of `mount`: the part of the workspace's volume that the agent sees at path `below` of the project.
/// The project is the volume itself, a clone in it, or this agent's own directory. Only the last needs an expression,
/// in which the path must be escaped.
void set_project_path(ordered_json& mount, const std::string& below, const KubernetesOptions& options) {
  const bool clone = !options.git_url.empty(); // in an emptyDir: each pod has its own
  const bool own = !clone && options.parallel > 1;
  const std::string directory = clone ? k_clone_directory : own ? "agent-$(AGENTBOX_INDEX)" : "";
  const std::string inside = own ? expansion_free(below) : below;
  const std::string path = directory.empty() || below.empty() ? directory + inside : directory + "/" + inside;
  if (!path.empty()) {
    mount[own ? "subPathExpr" : "subPath"] = path;
  }
}

} // namespace

std::string expansion_free(const std::string& text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool special = text[i] == '$' && i + 1 < text.size() && (text[i + 1] == '$' || text[i + 1] == '(');
    result += special ? "$$" : std::string(1, text[i]);
  }
  return result;
}

ordered_json volume_list(const Pod& pod, const KubernetesOptions& options) {
  ordered_json result = ordered_json::array();
  for (const Volume& volume : pod.volumes) {
    ordered_json entry = {{"name", volume.name}};
    entry.update(std::visit(ManifestVolumeSource{pod, options}, volume.from));
    result.push_back(std::move(entry));
  }
  return result;
}

ordered_json mount_list(const Pod& pod, const PodContainer& container, const KubernetesOptions& options) {
  ordered_json result = ordered_json::array();
  for (const auto& [volume, path, sub_path, read_only, comment] : container.mounts) {
    ordered_json mount = {{"name", volume}, {"mountPath", path}};
    if (volume == "workspace" && container.name == "agent") {
      set_project_path(mount, sub_path, options);
    } else if (!sub_path.empty()) {
      mount["subPath"] = sub_path;
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
  result.argv = {protocol::k_entrypoint_program, "exec", "git", "clone"};
  if (!options.git_branch.empty()) {
    result.argv.insert(result.argv.end(), {"--branch", options.git_branch});
  }
  result.argv.insert(result.argv.end(), {"--", options.git_url, volume_path + "/" + k_clone_directory});
  result.mounts.clear();
  for (const VolumeMount& mount : pod.agent.mounts) { // the agent's, with the whole workspace
    if (mount.volume != "workspace") {
      result.mounts.push_back(mount);
    }
  }
  result.mounts.push_back({"workspace", volume_path, "", false, ""});
  return result;
}

} // namespace agentbox::oci
