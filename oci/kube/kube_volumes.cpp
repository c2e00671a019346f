// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "oci/kube/kube_parts.hpp"
#include "oci/pod/manifest.hpp"

namespace agentbox::oci {
namespace {

using nlohmann::ordered_json;

// The size is part of the name: Podman would reuse an existing volume of any size.
std::string memory_name(const Pod& pod, const Volume& volume, const MemorySource& memory) {
  return fmt::format("{}-{}-{}", pod.name, volume.name, memory.bytes);
}

std::string text_name(const Pod& pod, const Volume& volume) {
  return pod.name + "-" + volume.name;
}

ordered_json host_path(const std::filesystem::path& path, const char* type) {
  ordered_json result = {{"path", path.string()}};
  if (*type != '\0') {
    result["type"] = type;
  }
  return {{"hostPath", std::move(result)}};
}

/// Returns the source of each kind of volume for Podman. A new kind does not compile until it is here.
struct KubeVolumeSource {
  const Pod& pod;
  const Volume& volume;
  const HostFacts& host;

  const char* type_of(const std::filesystem::path& path) const {
    const auto found = host.sources.find(path);
    return found == host.sources.end() ? "" : found->second.directory ? "Directory" : "File";
  }
  ordered_json operator()(const HostSource& from) const {
    switch (from.kind) {
    case HostSource::Kind::directory: return host_path(from.path, type_of(from.path));
    case HostSource::Kind::directory_made_if_missing: // which Podman would relabel for all containers (SELinux)
      return host_path(from.path, host.selinux ? "Directory" : "DirectoryOrCreate");
    case HostSource::Kind::file: return host_path(from.path, "File");
    case HostSource::Kind::masked_file: return host_path(from.path, ""); // CharDevice would make it a device
    }
    return {};
  }
  ordered_json operator()(const MemorySource& from) const {
    return {{"persistentVolumeClaim", {{"claimName", memory_name(pod, volume, from)}}}};
  }
  ordered_json operator()(const TextSource& /*from*/) const {
    return {{"configMap", {{"name", text_name(pod, volume)}}}};
  }
  ordered_json operator()(const ScratchSource& /*from*/) const { return {{"emptyDir", ordered_json::object()}}; }
  ordered_json operator()(const WorkspaceSource& from) const { return host_path(from.path, "Directory"); }
};

/// Returns the suffix of mountPath. Podman reads mount options after a colon, and adds none of its own to a host path.
struct MountOptions {
  std::string operator()(const HostSource& from) const {
    switch (from.kind) {
    case HostSource::Kind::directory: return ":nosuid,nodev";
    case HostSource::Kind::directory_made_if_missing:
    case HostSource::Kind::file: return ":nosuid,nodev,noexec";
    case HostSource::Kind::masked_file: return ""; // a device: with nodev it could not be read
    }
    return "";
  }
  std::string operator()(const WorkspaceSource& /*from*/) const { return ":nosuid,nodev"; }
  /// Its volume has the same options, which Podman 4 uses and Podman 5 ignores.
  std::string operator()(const MemorySource& from) const {
    return from.executable ? ":nosuid,nodev" : ":nosuid,nodev,noexec";
  }
  std::string operator()(const TextSource& /*from*/) const { return ""; }
  std::string operator()(const ScratchSource& /*from*/) const { return ""; }
};

/// Returns the additional document that a volume needs, if any.
struct Document {
  const Pod& pod;
  const Volume& volume;

  std::vector<YamlDocument> operator()(const HostSource& /*from*/) const { return {}; }
  std::vector<YamlDocument> operator()(const ScratchSource& /*from*/) const { return {}; }
  std::vector<YamlDocument> operator()(const WorkspaceSource& /*from*/) const { return {}; }
  std::vector<YamlDocument> operator()(const TextSource& from) const {
    return {{config_map(pod, text_name(pod, volume), from), {{"/data", volume.comment}}}};
  }
  std::vector<YamlDocument> operator()(const MemorySource& from) const {
    const std::string options =
        fmt::format("size={},mode={},nosuid,nodev{}", from.bytes, from.mode, from.executable ? "" : ",noexec");
    return {{{{"apiVersion", "v1"},
              {"kind", "PersistentVolumeClaim"},
              {"metadata",
               {{"name", memory_name(pod, volume, from)},
                {"labels", string_map(pod.labels)},
                {"annotations",
                 {{"volume.podman.io/driver", "local"},
                  {"volume.podman.io/type", "tmpfs"},
                  {"volume.podman.io/device", "tmpfs"},
                  {"volume.podman.io/mount-options", options}}}}},
              {"spec",
               {{"accessModes", {"ReadWriteOnce"}},
                {"resources", {{"requests", {{"storage", std::to_string(from.bytes)}}}}}}}},
             {{"/metadata/annotations", "Memory, bounded: for Podman this claim is a tmpfs."}}}};
  }
};

} // namespace

std::vector<std::string> volume_names(const Pod& pod) {
  std::vector<std::string> names;
  for (const Volume& volume : pod.volumes) {
    if (const auto* memory = std::get_if<MemorySource>(&volume.from)) {
      names.push_back(memory_name(pod, volume, *memory));
    } else if (std::holds_alternative<TextSource>(volume.from)) {
      names.push_back(text_name(pod, volume));
    }
  }
  return names;
}

KubeVolumes::KubeVolumes(const Pod& pod, const HostFacts& host) {
  const auto append = [&](const std::string& name, const ordered_json& source) {
    ordered_json volume = {{"name", name}};
    volume.update(source);
    m_list.push_back(std::move(volume));
  };
  for (const Volume& volume : pod.volumes) {
    append(volume.name, std::visit(KubeVolumeSource{pod, volume, host}, volume.from));
    m_options[volume.name] = std::visit(MountOptions(), volume.from);
    const auto* workspace = std::get_if<WorkspaceSource>(&volume.from);
    for (const VolumeMount& mount : pod.agent.mounts) {
      const std::string key = volume.name + "/" + mount.sub_path;
      if (workspace == nullptr || mount.volume != volume.name || mount.sub_path.empty() || m_parts.contains(key)) {
        continue;
      }
      const std::string name = fmt::format("{}-{}", volume.name, m_parts.size() + 1);
      m_parts[key] = name;
      m_options[name] = m_options[volume.name];
      const std::filesystem::path path = workspace->path / mount.sub_path;
      append(name, host_path(path, KubeVolumeSource{pod, volume, host}.type_of(path)));
    }
  }
}

ordered_json KubeVolumes::mounts(const PodContainer& container) const {
  ordered_json result = ordered_json::array();
  for (const auto& [volume, path, sub_path, read_only, comment] : container.mounts) {
    const auto part = m_parts.find(volume + "/" + sub_path);
    const std::string& name = sub_path.empty() || part == m_parts.end() ? volume : part->second;
    ordered_json mount = {{"name", name}, {"mountPath", path + m_options.at(name)}};
    if (read_only) {
      mount["readOnly"] = true;
    }
    result.push_back(std::move(mount));
  }
  return result;
}

std::vector<YamlDocument> KubeVolumes::documents(const Pod& pod) const {
  std::vector<YamlDocument> result;
  for (const Volume& volume : pod.volumes) {
    for (YamlDocument& document : std::visit(Document{pod, volume}, volume.from)) {
      result.push_back(std::move(document));
    }
  }
  return result;
}

} // namespace agentbox::oci
