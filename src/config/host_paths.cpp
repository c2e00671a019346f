// SPDX-License-Identifier: Apache-2.0
#include "config/host_paths.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <sys/stat.h>

#include "config/instructions.hpp"
#include "policy/path_rules.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/text.hpp"

namespace agentbox::config {
namespace {

namespace fs = std::filesystem;
using support::in_quotes;

constexpr std::size_t k_max_bundle = 8U << 20U;

/// Paths of the kernel and of running services, whose sockets give access to the host even if mounted read-only.
constexpr std::array<std::string_view, 4> k_live_trees = {"/proc", "/sys", "/dev", "/run"};

std::optional<fs::path> look_up(const fs::path& path) {
  std::error_code error;
  fs::path result = fs::canonical(path, error);
  return error ? std::nullopt : std::optional(result);
}

std::string missing_text(const fs::path& path) {
  struct stat info {};
  const int error = stat(path.c_str(), &info) != 0 ? errno : 0;
  return error == 0 || error == ENOENT || error == ENOTDIR
             ? "there is no " + in_quotes(path.string(), 4096)
             : support::system_error(support::ExitCode::usage, "cannot examine " + in_quotes(path.string(), 4096),
                                     error)
                   .what();
}

void resolve_mounts(Merged& merged, policy::Diagnostics& diagnostics) {
  std::map<std::string, bool> group_found; // per --auth AGENT: whether any of its files exists
  for (const MountRequest& request : merged.mounts) {
    if (request.is_copied) {
      continue;
    }
    if (request.own) {
      merged.fields.mounts.push_back({request.source, request.destination, request.read_only, request.reason});
      continue;
    }
    const auto source = look_up(request.source);
    if (!request.group.empty()) {
      group_found[request.group] |= source.has_value();
    }
    if (!source && request.group.empty()) {
      diagnostics.push_back({request.reason, missing_text(request.source), "use an existing file or directory"});
    }
    if (!source) {
      continue;
    }
    if (const std::string problem = mount_problem(*source, request.read_only); !problem.empty()) {
      diagnostics.push_back({request.reason, in_quotes(source->string(), 4096) + " cannot be mounted: " + problem, ""});
      continue;
    }
    merged.fields.mounts.push_back({*source, request.destination, request.read_only, request.reason, request.label});
  }
  for (const auto& [agent, found] : group_found) {
    if (!found) {
      diagnostics.push_back({policy::k_auth_reason + agent,
                             "no credentials of " + in_quotes(agent) + " exist on this host",
                             "log in with " + agent + " on the host first, or pass a key with --env"});
    }
  }
}

/// Adds a mount for each file of the instructions that were requested.
void resolve_instructions(Merged& merged, policy::Diagnostics& diagnostics) {
  const auto request =
      std::find_if(merged.mounts.begin(), merged.mounts.end(), [](const MountRequest& one) { return one.is_copied; });
  if (request == merged.mounts.end()) {
    return;
  }
  try {
    const Instructions found = find_instructions(request->source, instruction_paths(merged.fields.agent.name));
    for (const fs::path& file : found.files) {
      merged.fields.mounts.push_back(
          {request->source / file, (fs::path(request->destination) / file).string(), true, k_instructions_reason});
    }
    for (const std::string& link : found.left_out) {
      merged.notices.push_back("not among the instructions, because it is a symbolic link: " +
                               support::in_quotes((request->source / link).string(), 1000));
    }
  } catch (const support::Error& error) {
    diagnostics.push_back({k_instructions_reason, error.what(), error.hint()});
  }
}

void resolve_ca_bundle(Merged& merged, policy::Diagnostics& diagnostics) {
  if (!merged.ca_bundle) {
    return;
  }
  const auto& [path, where] = *merged.ca_bundle;
  const auto bundle = look_up(path);
  if (!bundle) {
    diagnostics.push_back({where, missing_text(path), "use a file with PEM certificates"});
    return;
  }
  try {
    if (support::read_file(*bundle, k_max_bundle).find("-----BEGIN CERTIFICATE-----") == std::string::npos) {
      diagnostics.push_back({where, in_quotes(path.string(), 4096) + " contains no PEM certificate", ""});
    }
  } catch (const support::Error& error) {
    diagnostics.push_back({where, support::escape_untrusted(error.what(), 1000), error.hint()});
  }
  merged.fields.ca_bundle = *bundle;
}

void resolve_base(Merged& merged, policy::Diagnostics& diagnostics) {
  if (!merged.base_path) {
    return;
  }
  const auto& [path, where] = *merged.base_path;
  const std::string kind = merged.fields.image.base.substr(0, 4);
  const auto base = look_up(path);
  if (!base) {
    diagnostics.push_back({where, missing_text(path), "use the directory or archive of a root filesystem"});
    return;
  }
  std::error_code error;
  const bool right = kind == "dir:" ? fs::is_directory(*base, error) : fs::is_regular_file(*base, error);
  if (!right) {
    diagnostics.push_back(
        {where, in_quotes(path.string(), 4096) + (kind == "dir:" ? " is not a directory" : " is not a regular file"),
         ""});
  }
  merged.fields.image.base = kind + base->string();
}

} // namespace

std::vector<fs::path> own_directories() {
  std::vector<fs::path> directories;
  for (const fs::path& directory : {support::config_directory(), support::state_directory(), support::cache_directory(),
                                    support::runtime_directory()}) {
    std::error_code error;
    directories.push_back(fs::weakly_canonical(directory, error));
    if (error) {
      directories.back() = directory.lexically_normal();
    }
  }
  return directories;
}

std::string mount_problem(const fs::path& source, bool read_only) {
  if (source == "/") {
    return "it is the root directory";
  }
  const auto in_tree = [&](std::string_view tree) { return policy::contains_path(tree, source.native()); };
  const bool is_media = policy::contains_path("/run/media", source.native()) && source != "/run/media";
  if (!is_media && std::any_of(k_live_trees.begin(), k_live_trees.end(), in_tree)) {
    return "it belongs to the kernel or running services of the host";
  }
  struct stat info {};
  if (stat(source.c_str(), &info) != 0 || (!S_ISDIR(info.st_mode) && !S_ISREG(info.st_mode))) {
    return "it is not a directory or regular file; a socket or device would give the box access to the host";
  }
  const std::vector<fs::path> own_ones = own_directories();
  if (policy::contains_path(source.native(), own_ones.back().native())) {
    return "it contains the sockets of agentbox's boxes, in " + own_ones.back().string() +
           ", which a read-only mount does not close; mount a subdirectory";
  }
  for (const fs::path& own : own_ones) {
    if (policy::contains_path(own.native(), source.native())) {
      return "it contains files of agentbox itself";
    }
    if (!read_only && policy::contains_path(source.native(), own.native())) {
      return "it contains files of agentbox itself, in " + own.string() +
             "; mount it read-only, or mount a subdirectory";
    }
  }
  return {};
}

void resolve_host_paths(Merged& merged, policy::Diagnostics& diagnostics) {
  resolve_mounts(merged, diagnostics);
  resolve_instructions(merged, diagnostics);
  resolve_ca_bundle(merged, diagnostics);
  resolve_base(merged, diagnostics);
}

} // namespace agentbox::config
