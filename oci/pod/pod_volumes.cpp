// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "git/layout.hpp"
#include "oci/pod/pod_parts.hpp"
#include "policy/egress_json.hpp"
#include "policy/env_names.hpp"
#include "policy/path_rules.hpp"
#include "protocol/protocol.hpp"
#include "support/sorted.hpp"
#include "support/text.hpp"

namespace agentbox::oci {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t k_run_bytes = 16U << 20U; // as in config.json

void add(Pod& pod, PodContainer& container, Volume volume, VolumeMount mount) {
  mount.volume = volume.name;
  container.mounts.push_back(std::move(mount));
  pod.volumes.push_back(std::move(volume));
}

void add_memory(Pod& pod, const std::string& name, const std::string& path, MemorySource memory) {
  add(pod, pod.agent, {name, std::move(memory), ""}, {"", path, "", false, ""});
}

void add_firewall_volumes(Pod& pod, const policy::PolicyFields& fields, const PodFacts& facts, OutputFormat format) {
  const fs::path egress(protocol::k_egress_path);
  add(pod, pod.firewall,
      {"egress", TextSource{egress.filename(), policy::to_json(fields.egress)}, "what the box may reach"},
      {"", egress.parent_path(), "", true, ""});
  if (pod.lock) {
    pod.lock->mounts = pod.firewall.mounts; // all that the ruleset needs
  }
  add(pod, pod.firewall, {"firewall-run", ScratchSource{}, "the firewall's own directory"},
      {"", k_scratch_path, "", false, ""});
  if (format == OutputFormat::kubernetes) {
    add(pod, pod.firewall, {"audit", ScratchSource{}, "one JSON line for every decision; never visible to the agent"},
        {"", protocol::k_audit_path, "", false, ""});
    return;
  }
  add(pod, pod.firewall,
      {"audit", HostSource{facts.host.audit_directory, HostSource::Kind::directory_made_if_missing},
       "one JSON line for every decision, in the host's state directory; never visible to the agent"},
      {"", protocol::k_audit_path, "", false, ""});
}

/// Returns all directories above guarded paths that are not guarded themselves, parents first. Those that config.json
/// covers (covered_pins_of()) are visible in a pod, because Podman mounts nothing at a path twice: files cannot be
/// moved between them (EXDEV).
std::vector<fs::path> all_pins_of(const GuardedPaths& guarded) {
  std::vector<fs::path> pins = pins_of(guarded);
  const std::vector<fs::path> covered = covered_pins_of(guarded);
  pins.insert(pins.end(), covered.begin(), covered.end());
  std::erase_if(pins, [&](const fs::path& pin) {
    return support::contains(guarded.read_only, pin.native()) || support::contains(guarded.masked, pin.native());
  });
  support::sort_unique(pins); // a directory sorts before its contents
  return pins;
}

/// Returns the protected paths to mount in a cluster, which cannot check whether they exist and creates missing mount
/// points: only those that every project has, those added to the list, and those that exist on this host.
std::vector<std::string> protected_for_cluster(const policy::Workspace& workspace, const PodFacts& facts) {
  static const std::set<std::string> always = {".agentbox", git::k_own_config, git::k_own_hooks};
  const auto& known = policy::default_protected_paths();
  const auto& here = facts.host.guarded.read_only;
  std::vector<std::string> result;
  for (const std::string& path : workspace.protect) {
    if (always.contains(path) || !support::contains(known, path) || support::contains(here, path)) {
      result.push_back(path);
    }
  }
  return result;
}

/// Mounts an empty file or directory over each masked path; in a cluster over each listed path, because nothing can
/// check whether it exists.
void add_masked(Pod& pod, const std::string& name, const fs::path& source, const fs::path& destination,
                const std::vector<std::string>& paths, const PodFacts& facts, bool cluster) {
  std::size_t number = 0;
  for (const std::string& path : paths) {
    const auto found = facts.host.sources.find(source / path);
    const bool directory = found != facts.host.sources.end() && found->second.directory;
    Volume volume{name + std::to_string(++number), ScratchSource{}, "hides " + support::escape_untrusted(path)};
    VolumeMount mount{"", destination / path, "", true, ""};
    if (!directory && cluster) {
      volume.from = TextSource{"empty", ""};
      mount.sub_path = "empty";
    } else if (!directory) {
      volume.from = HostSource{facts.directory / protocol::k_empty, HostSource::Kind::file};
    }
    add(pod, pod.agent, std::move(volume), std::move(mount));
  }
}

void add_workspace(Pod& pod, const policy::PolicyFields& fields, const PodFacts& facts, OutputFormat format) {
  const policy::Workspace& workspace = fields.workspace;
  if (workspace.destination.find(':') != std::string::npos) {
    throw cannot_express(format, "workspace.destination", workspace.destination);
  }
  add(pod, pod.agent, {"workspace", WorkspaceSource{workspace.source}, "the project"},
      {"", workspace.destination, "", false, ""});
  GuardedPaths guarded = facts.host.guarded;
  if (format == OutputFormat::kubernetes) {
    guarded = {protected_for_cluster(workspace, facts), workspace.mask, {}, {}, {}};
  }
  for (const auto* list : {&guarded.read_only, &guarded.masked}) {
    for (const std::string& path : *list) {
      if (path.find(':') != std::string::npos) {
        throw cannot_express(format, "workspace.protect", path);
      }
    }
  }
  for (const fs::path& ancestor : all_pins_of(guarded)) {
    pod.agent.mounts.push_back({"workspace", workspace.destination / ancestor, ancestor.string(), false,
                                "a mount point cannot be renamed away"});
  }
  for (const std::string& path : guarded.read_only) {
    pod.agent.mounts.push_back({"workspace", fs::path(workspace.destination) / path, path, true, "protected"});
  }
  add_masked(pod, "empty-", workspace.source, workspace.destination, guarded.masked, facts,
             format == OutputFormat::kubernetes);
}

/// Adds the guarded paths of another mount: a volume each, because only the workspace's volume has sub-paths.
void add_guards_of_mount(Pod& pod, const std::string& name, const fs::path& source, const fs::path& destination,
                         const PodFacts& facts) {
  const auto found = facts.host.guarded_in_mounts.find(source);
  if (found == facts.host.guarded_in_mounts.end()) {
    return;
  }
  std::size_t number = 0;
  const auto add_part = [&](const fs::path& path, bool read_only, const char* words) {
    add(pod, pod.agent,
        {name + "-" + std::to_string(++number), HostSource{source / path, HostSource::Kind::directory}, words},
        {"", destination / path, "", read_only, ""});
  };
  for (const fs::path& pin : all_pins_of(found->second)) {
    add_part(pin, false, "a mount point cannot be renamed away");
  }
  for (const std::string& path : found->second.read_only) {
    add_part(path, true, "protected");
  }
  add_masked(pod, name + "-empty-", source, destination, found->second.masked, facts, false);
}

void add_mounts(Pod& pod, const policy::PolicyFields& fields, const PodFacts& facts, OutputFormat format) {
  if (format == OutputFormat::kubernetes && !fields.mounts.empty()) {
    throw cannot_express(format, "mounts", fields.mounts.front().source.string());
  }
  std::vector<policy::Mount> mounts = fields.mounts;
  std::sort(mounts.begin(), mounts.end(), [](const auto& a, const auto& b) { return a.destination < b.destination; });
  std::size_t number = 0;
  for (const policy::Mount& mount : mounts) {
    const auto& [source, destination, read_only, reason, label] = mount;
    std::ignore = std::tie(reason, label); // in request_text()
    if (destination.find(':') != std::string::npos) {
      throw cannot_express(format, "mounts", destination);
    }
    const std::string name = "mount-" + std::to_string(++number);
    add(pod, pod.agent,
        {name, HostSource{source, HostSource::Kind::directory},
         "asked for by " + support::escape_untrusted(request_text(mount))},
        {"", destination, "", read_only, ""});
    add_guards_of_mount(pod, name, source, destination, facts);
  }
}

void add_masks(Pod& pod, const policy::Confinement& confinement, const PodFacts& facts, OutputFormat format) {
  for (const std::string& path : confinement.readonly_paths) {
    if (!support::contains(policy::default_readonly_paths(), path)) {
      throw cannot_express(format, "confinement.readonly_paths", path);
    }
  }
  // What every Podman masks itself; the rest of the list is newer than Podman 4.3.
  static const std::set<std::string> built_in = {"/proc/acpi",          "/proc/kcore",      "/proc/keys",
                                                 "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
                                                 "/proc/sched_debug",   "/proc/scsi",       "/sys/firmware",
                                                 "/sys/fs/selinux",     "/sys/dev/block"};
  std::size_t number = 0;
  for (const std::string& path : confinement.masked_paths) {
    if (format == OutputFormat::kubernetes) {
      if (!support::contains(policy::default_masked_paths(), path)) {
        throw cannot_express(format, "confinement.masked_paths", path);
      }
      continue;
    }
    const auto here = facts.masked_here.find(path);
    if (built_in.contains(path) || here == facts.masked_here.end()) {
      continue;
    }
    const std::string name = "mask-" + std::to_string(++number);
    const bool directory = here->second;
    Volume volume{name, ScratchSource{}, "hides " + path};
    if (!directory) {
      volume.from = HostSource{"/dev/null", HostSource::Kind::masked_file};
    }
    add(pod, pod.agent, std::move(volume), {"", path, "", true, ""});
  }
}

} // namespace

std::vector<Variable> variables(const nlohmann::json& environment, const policy::PolicyFields& fields) {
  std::vector<Variable> result;
  for (const auto& item : environment) {
    const auto text = item.get<std::string>();
    const std::size_t equals = text.find('=');
    const std::string name = text.substr(0, equals);
    const bool secret =
        policy::looks_like_secret(name) && (fields.env.contains(name) || fields.agent.env.contains(name));
    result.push_back({name, secret ? std::string() : text.substr(equals + 1), secret});
  }
  return result;
}

void add_volumes(Pod& pod, const policy::PolicyFields& fields, const PodFacts& facts, OutputFormat format) {
  add_firewall_volumes(pod, fields, facts, format);
  const auto file = [&](const std::string& name, const std::string& content, const fs::path& path,
                        const std::string& comment) {
    if (format == OutputFormat::kubernetes) {
      add(pod, pod.agent, {name, TextSource{path.filename(), content}, comment}, {"", path, path.filename(), true, ""});
    } else {
      add(pod, pod.agent, {name, HostSource{facts.directory / path.filename(), HostSource::Kind::file}, comment},
          {"", path, "", true, ""});
    }
  };
  file("hosts", pod.hosts, "/etc/hosts", "");
  if (!pod.resolv_conf.empty()) {
    file("resolv-conf", pod.resolv_conf, "/etc/resolv.conf", "the agent's only resolver is the firewall");
  }
  if (fields.ca_bundle) {
    if (format == OutputFormat::kubernetes) {
      if (!support::is_utf8(facts.ca_bundle) || facts.ca_bundle.find('\0') != std::string::npos) {
        throw support::Error(support::ExitCode::usage, "the CA bundle is not UTF-8, which a ConfigMap must be",
                             "remove everything that is not a certificate");
      }
      file("ca-bundle", facts.ca_bundle, protocol::k_ca_bundle_path, "");
    } else {
      const fs::path source = facts.host.selinux ? facts.directory / k_ca_copy : *fields.ca_bundle;
      add(pod, pod.agent, {"ca-bundle", HostSource{source, HostSource::Kind::file}, ""},
          {"", protocol::k_ca_bundle_path, "", true, ""});
    }
  }
  add_memory(pod, "shm", "/dev/shm", {fields.limits.shm_bytes, "1777", false});
  add_memory(pod, "run", "/run", {k_run_bytes, "755", false});
  add_memory(pod, "tmp", "/tmp", {fields.limits.tmp_bytes, "1777", true});
  add_workspace(pod, fields, facts, format);
  add_mounts(pod, fields, facts, format);
  add_masks(pod, fields.confinement, facts, format);
}

} // namespace agentbox::oci
