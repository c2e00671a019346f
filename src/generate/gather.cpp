// SPDX-License-Identifier: Apache-2.0
#include "generate/gather.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include "box/probe.hpp"
#include "boxes/session_paths.hpp"
#include "oci/bundle/id_maps.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/json_integer.hpp"
#include "support/terminal.hpp"

namespace agentbox::generate {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t k_profile_bytes = 1U << 20U;
constexpr std::size_t k_bundle_bytes = 1000U << 10U; // of a ConfigMap, which holds 1 MiB in total

// There is no caller whose terminal could be examined: an agent gets a terminal.
void set_terminal(oci::HostFacts& facts, const policy::Run& run) {
  switch (run.kind) {
  case policy::Run::Kind::agent:
    facts.terminal = true;
    facts.agent_env = {{"TERM", "xterm-256color"}};
    return;
  case policy::Run::Kind::prompt:
  case policy::Run::Kind::command:
    facts.terminal = false;
    facts.agent_env = {};
    return;
  }
}

std::map<std::string, bool> masked_here(const std::vector<std::string>& paths) {
  std::map<std::string, bool> result;
  for (const std::string& path : paths) {
    struct stat info {};
    if (lstat(path.c_str(), &info) == 0) {
      result[path] = S_ISDIR(info.st_mode);
    }
  }
  return result;
}

bool lies_in(const fs::path& path, const fs::path& directory) {
  const auto [end, rest] = std::mismatch(directory.begin(), directory.end(), path.begin(), path.end());
  return end == directory.end();
}

/// Protects the directory of a set inside the project, which need not exist yet.
void add_output_directory(oci::HostFacts& facts, const policy::Workspace& workspace, const fs::path& directory) {
  const fs::path inside = directory.lexically_relative(workspace.source);
  const auto& protect = workspace.protect;
  if (std::find(protect.begin(), protect.end(), inside.string()) == protect.end()) { // see protect_directory()
    return;
  }
  auto& existing = facts.guarded.read_only;
  if (std::find(existing.begin(), existing.end(), inside.string()) == existing.end()) {
    existing.insert(std::upper_bound(existing.begin(), existing.end(), inside.string()), inside.string());
  }
  for (fs::path part = inside; !part.empty(); part = part.parent_path()) {
    facts.sources.try_emplace(workspace.source / part);
  }
}

} // namespace

policy::Policy protect_directory(const policy::Policy& policy, const fs::path& directory) {
  policy::PolicyFields fields = policy.fields();
  if (!lies_in(directory, fields.workspace.source)) {
    return policy;
  }
  const std::string inside = directory.lexically_relative(fields.workspace.source);
  auto& protect = fields.workspace.protect;
  if (std::find(protect.begin(), protect.end(), inside) == protect.end()) {
    protect.insert(std::upper_bound(protect.begin(), protect.end(), inside), inside);
  }
  policy::PolicyResult result = policy::build_policy(std::move(fields));
  if (const auto* mistakes = std::get_if<policy::Diagnostics>(&result)) {
    throw support::Error(support::ExitCode::usage, "--output: " + mistakes->front().message, mistakes->front().hint);
  }
  return std::get<policy::Policy>(std::move(result));
}

oci::PodFacts gather(const policy::Policy& policy, const podman::PodmanInfo& host, const fs::path& directory) {
  const policy::PolicyFields& fields = policy.fields();
  oci::PodFacts facts;
  facts.host =
      box::probe_host(fields, host, boxes::session_paths(fields.name), support::Terminal{}, box::MissingPaths::skip);
  facts.host.nonce = oci::gate_nonce(policy);
  set_terminal(facts.host, fields.run);
  add_output_directory(facts.host, fields.workspace, directory);
  facts.directory = directory;
  facts.masked_here = masked_here(fields.confinement.masked_paths);
  return facts;
}

oci::PodFacts gather_for_cluster(const policy::Policy& policy) {
  const policy::PolicyFields& fields = policy.fields();
  oci::PodFacts facts;
  facts.host.seccomp_profile =
      support::read_file_if_exists(facts.host.seccomp_profile_path, k_profile_bytes).value_or("");
  facts.host.delegated = {true, true, true};
  facts.host.nonce = oci::gate_nonce(policy);
  set_terminal(facts.host, fields.run);
  // Only used for config.json, from which the seccomp filters are taken.
  facts.host.sources.try_emplace(fields.workspace.source);
  if (fields.ca_bundle) {
    facts.ca_bundle = support::read_file(*fields.ca_bundle, k_bundle_bytes);
  }
  return facts;
}

void add_id_mappings(oci::HostFacts& facts, const policy::User& user, const podman::Podman& podman) {
  const json maps = json::parse(podman.capture({"info", "--format", "{{json .Host.IDMappings}}"}), nullptr, false);
  const auto mappings = [&](const char* key, std::uint32_t box_id) {
    std::vector<oci::IdMapping> rootless;
    for (const json& map : maps.at(key)) {
      const auto number = [&](const char* name) { return support::json_integer<std::uint32_t>(map.at(name)); };
      rootless.push_back({number("container_id"), number("host_id"), number("size")});
    }
    return oci::bundle::keep_id_outside(box_id, rootless);
  };
  try {
    facts.uid_mappings = mappings("uidmap", user.uid);
    facts.gid_mappings = mappings("gidmap", user.gid);
  } catch (const json::exception&) {
    throw support::Error(support::ExitCode::refused, "`podman info` does not show the ID maps",
                         "agentbox doctor shows what Podman needs");
  }
}

} // namespace agentbox::generate
