// SPDX-License-Identifier: Apache-2.0
#include "box/probe.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <fmt/format.h>
#include <string_view>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "box/own_mount.hpp"
#include "config/instructions.hpp"
#include "conversations/store.hpp"
#include "guard/guard.hpp"
#include "logins/login_store.hpp"
#include "policy/path_rules.hpp"
#include "support/command.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/lines.hpp"
#include "support/text.hpp"

namespace agentbox::box {
namespace fs = std::filesystem;
namespace {

using support::Error;
using support::ExitCode;
using support::system_error;

std::uint64_t hard_limit(__rlimit_resource_t resource) {
  rlimit limit{};
  getrlimit(resource, &limit);
  return limit.rlim_max;
}

/// Returns the variables that describe the user's terminal, if their values are plain words: they come from outside.
std::map<std::string, std::string> terminal_environment(const support::Terminal& terminal) {
  constexpr std::string_view k_plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-./";
  std::map<std::string, std::string> variables;
  for (const char* name : {"TERM", "COLORTERM", "TERM_PROGRAM", "TERM_PROGRAM_VERSION", "TZ"}) {
    const char* value = std::getenv(name);
    const bool of_terminal = std::string_view(name) != "TZ";
    if (value != nullptr && *value != '\0' && (terminal.interactive() || !of_terminal) &&
        std::string_view(value).find_first_not_of(k_plain) == std::string_view::npos) {
      variables.emplace(name, value);
    }
  }
  // Without TZ, localtime(3) reads /etc/localtime, usually a link to /usr/share/zoneinfo/Europe/Berlin.
  std::error_code error;
  constexpr std::string_view k_zones = "/zoneinfo/";
  const std::string zone = fs::read_symlink("/etc/localtime", error).string();
  const auto at = zone.rfind(k_zones);
  if (at != std::string::npos && zone.find_first_not_of(k_plain) == std::string::npos) {
    variables.emplace("TZ", zone.substr(at + k_zones.size()));
  }
  return variables;
}

/// Returns what to guard below `root`: the workspace, or the source of `mount` if given. `missing`: see MissingPaths.
guard::Guarded guarded_below(const fs::path& root, const policy::PolicyFields& fields, const policy::Mount* mount,
                             MissingPaths missing, oci::HostFacts& host, std::int64_t changed_since = 0) {
  const policy::Workspace& workspace = fields.workspace;
  guard::GuardLists lists{workspace.protect, workspace.mask, workspace.protect_except, workspace.mask_except, true};
  lists.box = guard::view_of(fields);
  lists.changed_since = changed_since;
  if (mount != nullptr) {
    lists.mask.clear();
    lists.read_only = mount->read_only;
    lists.by_name = !mount->reason.starts_with(policy::k_auth_reason); // credentials that the box is meant to have
  }
  guard::Guarded guarded = guard::find_guarded(root, lists);
  switch (missing) {
  case MissingPaths::create: {
    const std::vector<std::string> there = guard::make_missing(root, guarded.missing);
    guarded.read_only.insert(guarded.read_only.end(), there.begin(), there.end());
    break;
  }
  case MissingPaths::assume:
    for (const guard::MissingPath& one : guarded.missing) {
      guarded.read_only.push_back(one.path);
      host.sources.try_emplace(root / one.path, oci::FileIdentity{0, 0, one.directory});
    }
    break;
  case MissingPaths::skip: break;
  }
  std::sort(guarded.read_only.begin(), guarded.read_only.end());
  return guarded;
}

/// Records the identities of guarded paths and of what is mounted onto itself.
void record_identities(const fs::path& root, const oci::GuardedPaths& guarded, oci::HostFacts& host) {
  std::vector<fs::path> paths = oci::pins_of(guarded);
  const std::vector<fs::path> covered = oci::covered_pins_of(guarded);
  paths.insert(paths.end(), covered.begin(), covered.end());
  paths.insert(paths.end(), guarded.read_only.begin(), guarded.read_only.end());
  paths.insert(paths.end(), guarded.masked.begin(), guarded.masked.end());
  for (const fs::path& path : paths) {
    if (!host.sources.contains(root / path)) {
      host.sources.emplace(root / path, identity_of(root / path));
    }
  }
}

/// Records what is guarded below `root`. `copies` is the directory for what the box sees in place of Git settings with
/// credentials.
void add_guarded(const fs::path& root, guard::Guarded guarded, MissingPaths missing, const fs::path& copies,
                 oci::HostFacts& host) {
  record_identities(root, guarded, host);
  host.notices.insert(host.notices.end(), guarded.notices.begin(), guarded.notices.end());
  for (auto& [path, text] : guarded.cleaned) {
    if (missing == MissingPaths::skip) { // generated files must not keep a copy of the settings
      throw Error(ExitCode::refused,
                  support::escape_untrusted((root / path).string(), 1000) +
                      " has credentials, which the generated box would see",
                  "keep them in a credential helper; or show them in your own configuration: [mask] except = [" +
                      support::in_quotes(path, 1000) + "]");
    }
    const fs::path copy = copies / ("git-config-" + std::to_string(host.cleaned.size()));
    host.cleaned.emplace(root / path, oci::CleanedFile{copy, std::move(text)});
  }
  host.git_references.emplace(root, std::move(guarded.references));
}

void probe_guards(const policy::PolicyFields& fields, MissingPaths missing, const fs::path& copies,
                  std::int64_t changed_since, oci::HostFacts& host) {
  const fs::path& workspace = fields.workspace.source;
  guard::Guarded guarded = guarded_below(workspace, fields, nullptr, missing, host, changed_since);
  host.changes = std::move(guarded.changes);
  host.guarded = static_cast<const oci::GuardedPaths&>(guarded);
  add_guarded(workspace, std::move(guarded), missing, copies, host);
  // A directory that is mounted more than once is guarded as a writable one if the box can write one of them.
  std::vector<policy::Mount> mounts = fields.mounts;
  std::stable_partition(mounts.begin(), mounts.end(), [](const policy::Mount& mount) { return !mount.read_only; });
  for (const policy::Mount& mount : mounts) {
    struct stat info {};
    if (mount.reason == config::k_instructions_reason) {
      const fs::path copy = copies / ("instructions-" + std::to_string(host.cleaned.size()));
      host.cleaned.emplace(mount.source, oci::CleanedFile{copy, config::read_instructions(mount, fields.user.home)});
      continue;
    }
    if (host.guarded_in_mounts.contains(mount.source) || !host.sources.at(mount.source).directory || is_own(mount) ||
        (mount.read_only && lstat(mount.source.c_str(), &info) == 0 && info.st_uid != geteuid())) {
      continue; // neither a project nor a place where the user has secrets
    }
    guard::Guarded more = guarded_below(mount.source, fields, &mount, missing, host);
    for (std::string& notice : more.notices) {
      notice = "in " + support::escape_untrusted(mount.source.string(), 1000) + ": " + notice;
    }
    host.guarded_in_mounts.emplace(mount.source, more);
    add_guarded(mount.source, std::move(more), missing, copies, host);
  }
}

void require_unchanged(const Identities& now, const Identities& checked) {
  for (const auto& [path, identity] : checked) {
    const auto found = now.find(path);
    if (found == now.end() || found->second != identity) {
      throw Error(ExitCode::refused,
                  support::escape_untrusted(path.string(), 1000) + " changed while the box was starting", "try again");
    }
  }
}

/// Boxes and their images are in Podman's storage: a box with access to it could read or change all of them.
void require_outside_storage(const policy::PolicyFields& fields, const fs::path& storage) {
  std::error_code error;
  const fs::path root = fs::weakly_canonical(storage, error);
  const auto refuse_overlap = [&](const fs::path& path) {
    if (!root.empty() && policy::overlap(path.native(), root.native())) {
      throw Error(ExitCode::refused,
                  support::in_quotes(path.string(), 1000) + " cannot be in a box: Podman's storage is in " +
                      support::in_quotes(root.string(), 1000),
                  "use a directory that does not overlap with it");
    }
  };
  refuse_overlap(fields.workspace.source);
  for (const policy::Mount& mount : fields.mounts) {
    refuse_overlap(mount.source);
  }
}

// The box could replace the login, or the way to it, with a link: it would get another login of the user's, and a
// renewed one would be written where the link points.
void require_login_outside(const policy::PolicyFields& fields) {
  for (const policy::Mount& mount : fields.mounts) {
    const auto place = logins::place_of_mount(mount.source);
    if (!place || place->origin == logins::LoginOrigin::own) {
      continue;
    }
    std::error_code error;
    const fs::path named = place->file.lexically_normal();
    const fs::path real = fs::weakly_canonical(named, error);
    const auto holds = [&](const fs::path& tree) {
      return policy::contains_path(tree.native(), named.native()) ||
             policy::contains_path(tree.native(), real.native());
    };
    const auto gives = [&](const policy::Mount& other) {
      return !other.read_only && !is_own(other) && holds(other.source);
    };
    if (holds(fields.workspace.source) || std::any_of(fields.mounts.begin(), fields.mounts.end(), gives)) {
      throw Error(ExitCode::refused,
                  fmt::format("the login of {} is in a directory that the box can write: {}", place->kind->agent,
                              support::in_quotes(named.string(), 1000)),
                  fmt::format("give boxes a login of their own: agentbox login {}", place->kind->agent));
    }
  }
}

/// Returns the mount points of this process, as spelled in /proc/self/mountinfo.
std::vector<std::string> mount_points() {
  constexpr std::size_t k_max_table = 64U << 20U;
  constexpr std::size_t k_field = 4; // proc_pid_mountinfo(5)
  std::vector<std::string> points;
  const std::string table = support::read_file("/proc/self/mountinfo", k_max_table);
  for (const std::string_view line : support::lines(table)) {
    const std::vector<std::string_view> fields = support::split(line, ' ');
    if (fields.size() > k_field) {
      points.emplace_back(fields[k_field]);
    }
  }
  return points;
}

} // namespace

oci::FileIdentity identity_of(const fs::path& path) {
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0) {
    throw system_error(ExitCode::refused, "cannot mount " + path.string(), errno, "check that it still exists");
  }
  if (S_ISLNK(info.st_mode)) {
    throw Error(ExitCode::refused, "cannot mount " + path.string() + ": it has become a symbolic link");
  }
  return {info.st_dev, info.st_ino, S_ISDIR(info.st_mode)};
}

Identities identities_of_sources(const policy::PolicyFields& fields) {
  Identities found = {{fields.workspace.source, identity_of(fields.workspace.source)}};
  for (const policy::Mount& mount : fields.mounts) {
    if (mount.reason == config::k_instructions_reason) {
      continue; // copied, not mounted
    }
    const bool to_be_made = is_own(mount) && !fs::exists(mount.source);
    found.emplace(mount.source, to_be_made ? oci::FileIdentity{0, 0, !conversations::is_prompt_file(mount.source)}
                                           : identity_of(mount.source));
  }
  if (fields.ca_bundle) {
    found.emplace(*fields.ca_bundle, identity_of(*fields.ca_bundle));
  }
  return found;
}

std::string make_nonce() {
  std::array<unsigned char, 16> bytes{};
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    throw system_error(ExitCode::failed, "cannot get random numbers", errno);
  }
  std::string hex;
  for (const unsigned char byte : bytes) {
    hex += fmt::format("{:02x}", byte);
  }
  return hex;
}

oci::HostFacts probe_host(const policy::PolicyFields& fields, const podman::PodmanInfo& facts,
                          const boxes::SessionPaths& paths, const support::Terminal& terminal, MissingPaths missing,
                          const Identities& checked, std::int64_t changed_since) {
  constexpr std::size_t k_profile_bytes = 1U << 20U;
  require_outside_storage(fields, facts.graph_root);
  require_login_outside(fields);
  oci::HostFacts host;
  if (!facts.seccomp_profile.empty()) {
    host.seccomp_profile_path = facts.seccomp_profile.string();
  }
  host.seccomp_profile = support::read_file_if_exists(host.seccomp_profile_path, k_profile_bytes).value_or("");
  host.delegated = {facts.controllers.contains("pids"), facts.controllers.contains("memory"),
                    facts.controllers.contains("cpu")};
  host.open_files_hard = hard_limit(RLIMIT_NOFILE);
  host.processes_hard = hard_limit(RLIMIT_NPROC);
  host.terminal = terminal.interactive();
  host.maps_loopback = facts.maps_loopback;
  host.nonce = make_nonce();
  host.egress_json = paths.egress();
  host.run_directory = paths.run();
  host.box_directory = paths.box();
  host.audit_directory = boxes::audit_directory();
  host.hosts = paths.hosts();
  if (fields.egress.mode != policy::NetworkMode::full) {
    host.resolv_conf = paths.resolv_conf();
  }
  host.empty_file = paths.empty();
  host.agent_env = terminal_environment(terminal);
  host.sources = identities_of_sources(fields);
  host.mounted_here = mount_points();
  require_unchanged(host.sources, checked);
  probe_guards(fields, missing, paths.directory, changed_since, host);
  return host;
}

} // namespace agentbox::box
