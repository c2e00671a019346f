// SPDX-License-Identifier: Apache-2.0
#include "config/locked.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "config/load.hpp"
#include "config/merge.hpp"
#include "config/read_layers.hpp"
#include "logins/login_kind.hpp"
#include "protocol/protocol.hpp"
#include "support/error.hpp"
#include "support/text.hpp"

namespace agentbox::config {
namespace {

constexpr const char* k_auth = "agent.auth";

/// Keys of a configuration, and Change::field of a difference in their values. A section covers its keys.
constexpr std::array k_lockable{
    std::pair{k_auth, "mounts"},
    std::pair{"agents", "agent"},
    std::pair{"ca_bundle", "ca_bundle"},
    std::pair{"env", "env"},
    std::pair{"image.base", "image.base"},
    std::pair{"limits", "limits"},
    std::pair{"limits.cpus", "limits.cpus"},
    std::pair{"limits.memory", "limits.memory"},
    std::pair{"limits.open_files", "limits.open_files"},
    std::pair{"limits.pids", "limits.pids"},
    std::pair{"limits.shm", "limits.shm"},
    std::pair{"limits.tmp", "limits.tmp"},
    std::pair{"mask", "mask"},
    std::pair{"mounts", "mounts"},
    std::pair{"network", "network"},
    std::pair{"network.allow_ech", "network.allow_ech"},
    std::pair{"network.allow_hosts", "network.allow"},
    std::pair{"network.allow_private", "network.allow_private"},
    std::pair{"network.max_upload", "network.max_upload"},
    std::pair{"network.upstream_proxy", "network.upstream_proxy"},
    std::pair{"protect", "protect"},
    std::pair{"publish", "ports"},
    std::pair{"verify", "verify"},
};

std::string_view field_of(std::string_view key) {
  const auto* const found =
      std::find_if(k_lockable.begin(), k_lockable.end(), [&](const auto& item) { return item.first == key; });
  return found == k_lockable.end() ? "" : found->second;
}

bool covers(std::string_view key, const policy::Change& change) {
  if (key == k_auth) { // of the mounts, only the logins
    const auto gives_token = [&](const logins::LoginKind& kind) {
      return !kind.token_variable.empty() && change.text.find(kind.token_variable) != std::string::npos;
    };
    const auto& kinds = logins::login_kinds();
    return change.field == "mounts" ? change.text.find(protocol::k_login_directory) != std::string::npos
                                    : change.field == "env" && std::any_of(kinds.begin(), kinds.end(), gives_token);
  }
  const std::string_view field = field_of(key);
  const bool same =
      change.field.starts_with(field) && (change.field.size() == field.size() || change.field[field.size()] == '.' ||
                                          change.field[field.size()] == ' ');    // "limits.cpus (thousandths)"
  return same || (key.starts_with("network") && change.field == "network.mode"); // --full-network opens all of it
}

/// Returns the merged values, including the paths that merge() leaves to be looked up on the host, as requested.
policy::PolicyFields requested_fields(const std::vector<ConfigLayer>& layers, const Overrides& overrides,
                                      const Sources& sources) {
  policy::Diagnostics ignored; // load() reports them
  Merged merged = merge(layers, overrides, sources, ignored);
  // The user does not request agentbox's own directories, except a kept home and a login, nor a login's variable.
  std::erase_if(merged.mounts, [](const MountRequest& mount) {
    return mount.own && mount.group.empty() && mount.reason != policy::k_home_reason;
  });
  for (const logins::LoginKind& kind : logins::login_kinds()) {
    merged.fields.agent.env.erase(kind.box_variable);
  }
  for (const MountRequest& mount : merged.mounts) {
    merged.fields.mounts.push_back({mount.source, mount.destination, mount.read_only, mount.reason, mount.label});
  }
  if (merged.ca_bundle) {
    merged.fields.ca_bundle = merged.ca_bundle->value;
  }
  return merged.fields;
}

/// Adds a mistake for each of `changes` that a lock of `system` covers. Returns whether there was one.
bool refuse_changes(const ConfigLayer& system, const std::vector<policy::Change>& changes, const std::string& where,
                    policy::Diagnostics& diagnostics) {
  bool refused = false;
  for (const policy::Change& change : changes) {
    const auto lock = std::find_if(system.locked.begin(), system.locked.end(),
                                   [&](const auto& key) { return covers(key.value, change); });
    if (change.direction == policy::Change::Direction::broader && lock != system.locked.end()) {
      diagnostics.push_back({where,
                             "the administrator locked " + lock->value + " (" + lock->where +
                                 "), which this broadens: " + support::escape_untrusted(change.text, 500),
                             "remove it, or ask your administrator"});
      refused = true;
    }
  }
  return refused;
}

} // namespace

void check_lockable(const std::vector<Located<std::string>>& keys, policy::Diagnostics& diagnostics) {
  std::vector<std::string> known;
  known.reserve(std::size(k_lockable));
  for (const auto& [key, field] : k_lockable) {
    known.emplace_back(key);
  }
  for (const auto& [key, where] : keys) {
    if (field_of(key).empty()) {
      diagnostics.push_back(
          {where, support::in_quotes(key) + " cannot be locked" + support::did_you_mean(key.substr(0, 64), known),
           "these can: " + support::join(known, ", ")});
    }
  }
}

void refuse_broadened(const std::vector<ConfigLayer>& layers, const Overrides& overrides, const Sources& sources,
                      policy::Diagnostics& diagnostics) {
  if (layers.empty() || layers.front().kind != LayerKind::system || layers.front().locked.empty()) {
    return;
  }
  const ConfigLayer& system = layers.front();
  Overrides same_agent; // the administrator does not choose what runs
  same_agent.agent = overrides.agent;
  same_agent.run = overrides.run;
  same_agent.name = overrides.name;
  same_agent.conversations = overrides.conversations;
  same_agent.has_session = overrides.has_session;
  const policy::PolicyFields allowed = requested_fields({system}, same_agent, sources);
  std::vector<ConfigLayer> some{system};
  for (std::size_t i = 1; i < layers.size(); ++i) {
    some.push_back(layers[i]);
    const std::string where = support::escape_untrusted(layers[i].file.string(), 4096);
    std::vector<policy::Change> changes = policy::diff(allowed, requested_fields(some, same_agent, sources));
    for (const auto& host : layers[i].build_hosts) { // not part of the box's policy
      changes.push_back({policy::Change::Direction::broader, "network.allow", "+ " + host.where});
    }
    if (refuse_changes(system, changes, where, diagnostics)) {
      return;
    }
  }
  refuse_changes(system, policy::diff(allowed, requested_fields(layers, overrides, sources)), "the command line",
                 diagnostics);
}

void require_unlocked_hosts(const Sources& sources) {
  policy::Diagnostics diagnostics;
  const ConfigLayer layer = read_system_layer(sources, diagnostics);
  if (!diagnostics.empty()) {
    throw support::Error(support::ExitCode::usage, describe(diagnostics));
  }
  for (const auto& [key, where] : layer.locked) {
    if (covers(key, {policy::Change::Direction::broader, "network.allow", ""})) {
      throw support::Error(support::ExitCode::refused, "the administrator locked " + key + " (" + where + ")",
                           "ask your administrator to add the host to that file");
    }
  }
}

} // namespace agentbox::config
