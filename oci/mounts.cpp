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

/// Returns a bind mount of a user's path, with all mounts below it. nosuid, nodev and read-only apply to those too
/// (rnosuid, rnodev, rro): a plain "ro" would leave a disk mounted inside the directory writable. Measured with crun
/// 1.8.1: on a writable bind only the recursive options work, and on a file they are an error, so that a writable file
/// is protected by no-new-privileges alone.
json user_bind(const fs::path& destination, const fs::path& source, bool read_only, const HostFacts& facts) {
  const auto found = facts.sources.find(source);
  if (found == facts.sources.end()) {
    throw support::Error(support::ExitCode::failed, "internal error: no identity recorded for " + source.string());
  }
  Options options = {"rbind", "rprivate", "nosuid", "nodev", read_only ? "ro" : "rw"};
  if (found->second.directory) {
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

/// Throws for a path that the policy does not name. If it names a path in .git, accepts every path: counterparts in
/// submodules, behind a .git file, and in a workspace that is itself a repository can have any name.
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
  if (found != facts.sources.end() && found->second.directory) {
    return mount(destination.string(), "tmpfs", "tmpfs", {"nosuid", "nodev", "noexec", "ro", "mode=755", "size=4096"});
  }
  return sealed_file(destination.string(), facts.empty_file.string());
}

std::vector<std::string> without(const std::vector<std::string>& paths, const std::vector<std::string>& others) {
  std::vector<std::string> rest;
  std::copy_if(paths.begin(), paths.end(), std::back_inserter(rest),
               [&](const std::string& path) { return !support::contains(others, path); });
  return rest;
}

/// Mounts one of the user's trees, with its covered pins.
void add_tree(json& mounts, const fs::path& destination, const fs::path& source, const GuardedPaths& guarded,
              const HostFacts& facts) {
  const json tree = user_bind(destination, source, false, facts);
  mounts.push_back(tree);
  const std::vector<fs::path> pins = covered_pins_of(guarded);
  for (const fs::path& pin : pins) {
    // The second mount of the tree covers it, so it needs no options, which would cost the runtime system calls.
    mounts.push_back(mount((destination / pin).string(), "bind", (source / pin).string(), {"rbind", "rprivate"}));
  }
  if (!pins.empty()) {
    mounts.push_back(tree);
  }
}

/// Mounts the guarded paths of `source` at `destination`, read-only or empty, and their pins: `mv .git x; mkdir -p
/// .git/hooks` must not get around the protection.
void add_guards(json& mounts, const fs::path& destination, const fs::path& source, const GuardedPaths& guarded,
                const HostFacts& facts) {
  const auto is_masked = [&](const std::string& path) {
    return std::any_of(guarded.masked.begin(), guarded.masked.end(),
                       [&](const std::string& mask) { return policy::contains_path(mask, path); });
  };
  for (const fs::path& pin : pins_of(guarded)) {
    mounts.push_back(user_bind(destination / pin, source / pin, false, facts));
  }
  for (const std::string& path : guarded.read_only) {
    if (is_masked(path)) {
      continue; // masked paths are read-only, too
    }
    const auto cleaned = facts.cleaned.find(source / path);
    mounts.push_back(cleaned != facts.cleaned.end() ? sealed_file(destination / path, cleaned->second.file.string())
                                                    : user_bind(destination / path, source / path, true, facts));
  }
  // Last, because it may be in a read-only directory.
  for (const std::string& path : guarded.masked) {
    mounts.push_back(masked(destination / path, source / path, facts));
  }
}

} // namespace

std::vector<fs::path> pins_of(const GuardedPaths& guarded) {
  std::vector<std::string> listed = without(guarded.read_only, guarded.read_only_by_name);
  const std::vector<std::string> masked = without(guarded.masked, guarded.masked_by_name);
  listed.insert(listed.end(), masked.begin(), masked.end());
  std::vector<fs::path> pins = policy::ancestors_of(listed);
  pins.insert(pins.end(), guarded.pins.begin(), guarded.pins.end());
  support::sort_unique(pins); // a directory sorts before its contents
  return pins;
}

std::vector<fs::path> covered_pins_of(const GuardedPaths& guarded) {
  std::vector<fs::path> pins = policy::ancestors_of(guarded.read_only_by_name);
  const std::vector<fs::path> visible = pins_of(guarded);
  std::erase_if(pins, [&](const fs::path& pin) { return support::contains(visible, pin); });
  return pins;
}

bool masks_any(const HostFacts& facts) {
  return !facts.guarded.masked.empty() || std::any_of(facts.guarded_in_mounts.begin(), facts.guarded_in_mounts.end(),
                                                      [](const auto& one) { return !one.second.masked.empty(); });
}

json agent_mounts(const policy::PolicyFields& fields, const HostFacts& facts) {
  json mounts = json::array();
  add_kernel_filesystems(mounts);
  add_agent_filesystems(mounts, fields.limits);
  mounts.push_back(sealed_file("/etc/hosts", facts.hosts.string()));
  if (facts.resolv_conf) {
    mounts.push_back(sealed_file("/etc/resolv.conf", facts.resolv_conf->string()));
  }
  if (facts.box_directory) { // a directory, because a mounted file would not follow its replacement
    mounts.push_back(mount(protocol::k_run_path, "bind", facts.box_directory->string(),
                           {"bind", "rprivate", "nosuid", "nodev", "noexec", "ro"}));
  }
  if (fields.ca_bundle) {
    mounts.push_back(sealed_file(protocol::k_ca_bundle_path, facts.ca_copy.value_or(*fields.ca_bundle).string()));
  }
  add_tree(mounts, fields.workspace.destination, fields.workspace.source, facts.guarded, facts);
  std::vector<policy::Mount> more = fields.mounts;
  std::sort(more.begin(), more.end(), [](const auto& a, const auto& b) { return a.destination < b.destination; });
  for (const policy::Mount& one : more) { // a directory sorts before its contents
    const auto copy = facts.cleaned.find(one.source);
    const auto found = facts.guarded_in_mounts.find(one.source);
    const bool is_guarded = found != facts.guarded_in_mounts.end();
    if (copy != facts.cleaned.end()) {
      mounts.push_back(sealed_file(one.destination, copy->second.file.string()));
    } else if (is_guarded && !one.read_only) {
      add_tree(mounts, one.destination, one.source, found->second, facts);
    } else {
      mounts.push_back(user_bind(one.destination, one.source, one.read_only, facts));
    }
    if (is_guarded) {
      add_guards(mounts, one.destination, one.source, found->second, facts);
    }
  }
  for (const std::string& path : without(facts.guarded.read_only, facts.guarded.read_only_by_name)) {
    require_named(path, fields.workspace.protect);
  }
  for (const std::string& path : without(facts.guarded.masked, facts.guarded.masked_by_name)) {
    require_named(path, fields.workspace.mask);
  }
  add_guards(mounts, fields.workspace.destination, fields.workspace.source, facts.guarded, facts);
  return mounts;
}

json firewall_mounts(const HostFacts& facts) {
  json mounts = json::array();
  add_kernel_filesystems(mounts);
  const Options writable = {"bind", "rprivate", "nosuid", "nodev", "noexec", "rnosuid", "rnodev", "rnoexec"};
  mounts.push_back(sealed_file(protocol::k_egress_path, facts.egress_json.string()));
  mounts.push_back(mount(protocol::k_run_path, "bind", facts.run_directory.string(), writable));
  mounts.push_back(mount(protocol::k_audit_path, "bind", facts.audit_directory.string(), writable));
  return mounts;
}

} // namespace agentbox::oci
