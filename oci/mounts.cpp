// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <iterator>
#include <nlohmann/json.hpp>

#include "git/layout.hpp"
#include "oci/render.hpp"
#include "oci/sealed_file.hpp"
#include "policy/path_rules.hpp"
#include "protocol/protocol.hpp"
#include "support/error.hpp"
#include "support/sorted.hpp"

namespace agentbox::oci {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using Options = std::vector<std::string>;

json mount(const std::string& destination, const std::string& type, const std::string& source, const Options& options) {
  return {{"destination", destination}, {"type", type}, {"source", source}, {"options", options}};
}

json tmpfs(const std::string& destination, const std::string& mode, std::uint64_t bytes, bool executable) {
  Options options = {"nosuid", "nodev", "mode=" + mode, "size=" + std::to_string(bytes)};
  if (!executable) {
    options.emplace_back("noexec");
  }
  return mount(destination, "tmpfs", "tmpfs", options);
}

/// A path of the user's, with all mounts below it. nosuid, nodev and read-only apply to those as well (rnosuid, rnodev,
/// rro): a plain "ro" would leave a disk mounted inside the directory writable. Measured with crun 1.8.1: on a writable
/// bind only the recursive options work, and on a file they are an error, so that a writable file is protected by
/// no-new-privileges alone.
json user_bind(const fs::path& destination, const fs::path& source, bool read_only, const HostFacts& facts) {
  const auto found = facts.sources.find(source);
  if (found == facts.sources.end()) {
    throw support::Error(support::ExitCode::failed, "internal error: no identity recorded for " + source.string());
  }
  Options options = {"rbind", "rprivate", "nosuid", "nodev", read_only ? "ro" : "rw"};
  if (found->second.folder) {
    options.insert(options.end(), {"rnosuid", "rnodev"});
    if (read_only) {
      options.emplace_back("rro");
    }
  }
  return mount(destination.string(), "bind", source.string(), options);
}

void add_kernel_filesystems(json& mounts) {
  mounts.push_back(mount("/proc", "proc", "proc", {"nosuid", "noexec", "nodev"}));
  mounts.push_back(mount("/dev", "tmpfs", "tmpfs", {"nosuid", "noexec", "strictatime", "mode=755", "size=65536k"}));
}

void add_agent_filesystems(json& mounts, const policy::Limits& limits) {
  constexpr std::uint64_t k_run_bytes = 16U << 20U;
  mounts.push_back(mount("/dev/pts", "devpts", "devpts",
                         {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}));
  mounts.push_back(tmpfs("/dev/shm", "1777", limits.shm_bytes, false));
  mounts.push_back(mount("/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}));
  mounts.push_back(mount("/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}));
  mounts.push_back(
      mount("/sys/fs/cgroup", "cgroup", "cgroup", {"rprivate", "nosuid", "noexec", "nodev", "relatime", "ro"}));
  mounts.push_back(tmpfs("/run", "755", k_run_bytes, false));
  mounts.push_back(tmpfs("/tmp", "1777", limits.tmp_bytes, true)); // compilers and package managers run programs in it
}

/// Throws for a path that the policy does not name. A path in .git also stands for its counterpart in submodules, for
/// .git itself if that is a file, and for a workspace that is itself a repository, where the files can have any name.
void require_named(const std::string& text, const std::vector<std::string>& list) {
  const auto is_git = [](const std::string& one) { return one == git::k_git || git::is_in_git(one); };
  const bool named =
      std::find(list.begin(), list.end(), text) != list.end() || std::any_of(list.begin(), list.end(), is_git);
  if (!named || !policy::is_normal_relative(text)) {
    throw support::Error(support::ExitCode::failed,
                         "internal error: \"" + text + "\" is not a protected path of the policy");
  }
}

json masked(const fs::path& destination, const fs::path& source, const HostFacts& facts) {
  const auto found = facts.sources.find(source);
  if (found != facts.sources.end() && found->second.folder) {
    return mount(destination.string(), "tmpfs", "tmpfs", {"nosuid", "nodev", "noexec", "ro", "mode=755", "size=4096"});
  }
  return sealed_file(destination.string(), facts.empty_file.string());
}

/// Mounts `paths` below `source` read-only at `destination`. Call after add_pins(), whose mounts would hide these.
void add_read_only(json& mounts, const fs::path& destination, const fs::path& source,
                   const std::vector<std::string>& paths, const HostFacts& facts) {
  for (const std::string& path : paths) {
    if (const auto found = facts.cleaned.find(source / path); found != facts.cleaned.end()) {
      mounts.push_back(sealed_file(destination / path, found->second.file.string()));
      continue;
    }
    mounts.push_back(user_bind(destination / path, source / path, true, facts));
  }
}

/// Mounts the ancestors of `paths` onto themselves.
void add_pins(json& mounts, const fs::path& destination, const fs::path& source, const std::vector<std::string>& paths,
              const HostFacts& facts) {
  for (const fs::path& ancestor : policy::ancestors_of(paths)) {
    mounts.push_back(user_bind(destination / ancestor, source / ancestor, false, facts));
  }
}

/// Mounts the protected paths of the workspace read-only and the masked ones empty. Each ancestor becomes a mount point
/// too, because those cannot be renamed: `mv .git x; mkdir -p .git/hooks` must not get around the protection.
void add_guards(json& mounts, const policy::Workspace& workspace, const HostFacts& facts) {
  std::vector<std::string> all = facts.protected_paths;
  const auto is_listed = [&](const std::string& path) { return support::contains(workspace.mask, path); };
  // What was found by name has no pins: where its directory is renamed, the mask goes along.
  std::copy_if(facts.masked_paths.begin(), facts.masked_paths.end(), std::back_inserter(all), is_listed);
  for (const std::string& path : facts.protected_paths) {
    require_named(path, workspace.protect);
  }
  for (const std::string& path : facts.masked_paths) {
    if (!support::contains(facts.masked_by_name, path)) {
      require_named(path, workspace.mask);
    }
  }
  const fs::path destination(workspace.destination);
  add_pins(mounts, destination, workspace.source, all, facts);
  std::vector<std::string> visible = facts.protected_paths; // what is masked is read-only, too
  std::erase_if(visible, [&](const std::string& path) {
    return std::any_of(facts.masked_paths.begin(), facts.masked_paths.end(),
                       [&](const std::string& mask) { return policy::contains_path(mask, path); });
  });
  add_read_only(mounts, destination, workspace.source, visible, facts);
  // Last, because it may be in a read-only directory.
  for (const std::string& path : facts.masked_paths) {
    mounts.push_back(masked(destination / path, workspace.source / path, facts));
  }
}

} // namespace

json agent_mounts(const policy::PolicyFields& fields, const HostFacts& facts) {
  json mounts = json::array();
  add_kernel_filesystems(mounts);
  add_agent_filesystems(mounts, fields.limits);
  mounts.push_back(sealed_file("/etc/hosts", facts.hosts.string()));
  if (facts.resolv_conf) {
    mounts.push_back(sealed_file("/etc/resolv.conf", facts.resolv_conf->string()));
  }
  if (fields.ca_bundle) {
    mounts.push_back(sealed_file(protocol::k_ca_bundle_path, fields.ca_bundle->string()));
  }
  mounts.push_back(user_bind(fields.workspace.destination, fields.workspace.source, false, facts));
  std::vector<policy::Mount> more = fields.mounts;
  std::sort(more.begin(), more.end(), [](const auto& a, const auto& b) { return a.destination < b.destination; });
  for (const policy::Mount& one : more) { // a directory sorts before its contents
    mounts.push_back(user_bind(one.destination, one.source, one.read_only, facts));
    if (const auto found = facts.protected_in_mounts.find(one.source); found != facts.protected_in_mounts.end()) {
      add_pins(mounts, one.destination, one.source, found->second, facts);
      add_read_only(mounts, one.destination, one.source, found->second, facts);
    }
  }
  add_guards(mounts, fields.workspace, facts);
  return mounts;
}

json firewall_mounts(const HostFacts& facts) {
  json mounts = json::array();
  add_kernel_filesystems(mounts);
  const Options writable = {"bind", "rprivate", "nosuid", "nodev", "noexec", "rnosuid", "rnodev", "rnoexec"};
  mounts.push_back(sealed_file(protocol::k_egress_path, facts.egress_json.string()));
  mounts.push_back(mount(protocol::k_run_path, "bind", facts.run_folder.string(), writable));
  mounts.push_back(mount(protocol::k_audit_path, "bind", facts.audit_folder.string(), writable));
  return mounts;
}

} // namespace agentbox::oci
