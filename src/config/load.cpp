// SPDX-License-Identifier: Apache-2.0
#include "config/load.hpp"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <iterator>
#include <sys/stat.h>

#include "config/host_paths.hpp"
#include "config/host_sets.hpp"
#include "config/last_agent.hpp"
#include "config/locked.hpp"
#include "config/merge.hpp"
#include "config/read_layers.hpp"
#include "conversations/store.hpp"
#include "homes/kept_home.hpp"
#include "logins/login_store.hpp"
#include "support/file.hpp"
#include "support/sorted.hpp"
#include "support/text.hpp"

namespace agentbox::config {
namespace {

namespace fs = std::filesystem;

/// Returns what the project's layer broadens: the policy with it compared with the policy without it.
std::vector<policy::Change> broadened_by_project(const std::vector<ConfigLayer>& layers, const Overrides& overrides,
                                                 const Sources& sources, const policy::PolicyFields& with_project) {
  const std::vector<ConfigLayer> without(layers.begin(), std::prev(layers.end()));
  policy::Diagnostics ignored; // "no such agent" only; in that case it counts as a broadening
  const Merged before = merge(without, overrides, sources, ignored);
  std::vector<policy::Change> changes = policy::diff(before.fields, with_project);
  const auto is_harmless = [](const policy::Change& change) {
    return change.direction != policy::Change::Direction::broader;
  };
  changes.erase(std::remove_if(changes.begin(), changes.end(), is_harmless), changes.end());
  return changes;
}

/// Returns `sources` with the logins that may be requested. Reads the host's logins only for those.
Sources with_logins(Sources sources, const std::vector<ConfigLayer>& layers, const Overrides& overrides) {
  const auto wanted = [&](const std::string& agent) {
    return support::contains(overrides.auth, agent) ||
           std::any_of(layers.begin(), layers.end(), [&](const ConfigLayer& layer) {
             return std::any_of(layer.auth.begin(), layer.auth.end(),
                                [&](const auto& name) { return name.value == agent; });
           });
  };
  for (const logins::LoginKind& kind : logins::login_kinds()) {
    if (wanted(kind.agent)) {
      const logins::LoginPlace place = logins::place_of(kind);
      logins::LoginState state = logins::examine(place, std::time(nullptr));
      sources.logins[kind.agent] = {place.shared(), std::move(state.problem), std::move(state.hint),
                                    state.content ? state.content->token : std::string()};
    }
  }
  return sources;
}

} // namespace

Sources standard_sources(const fs::path& workspace) {
  Sources sources;
  sources.system_file = "/etc/agentbox/config.toml";
  if (struct stat info{}; stat("/", &info) == 0) { // root, whatever its uid in this user namespace
    sources.system_owner = info.st_uid;
  }
  sources.user_file = support::config_directory() / "config.toml";
  sources.workspace = workspace;
  sources.home = support::home_directory();
  std::error_code error;
  sources.current_directory = fs::current_path(error);
  if (error) {
    sources.current_directory = workspace;
  }
  sources.conversations = conversations::project_directory(workspace);
  sources.kept_home = homes::home_of(workspace);
  const fs::path prefix = fs::read_symlink("/proc/self/exe", error).parent_path().parent_path();
  sources.sets = prefix / "share/agentbox/sets"; // podman/installation.hpp has the rule
  for (const logins::LoginKind& kind : logins::login_kinds()) {
    if (!kind.token_variable.empty()) {
      continue;
    }
    const fs::path in_home = (fs::path(kind.home_directory) / kind.file).lexically_normal().parent_path();
    sources.agent_directories[kind.agent] = {
        logins::place_of(kind, logins::LoginOrigin::host).file.lexically_normal().parent_path(), in_home.native()};
  }
  sources.last_agent = read_last_agent(support::state_directory());
  if (const char* bundle = std::getenv("SSL_CERT_FILE"); bundle != nullptr && *bundle != '\0') {
    sources.ssl_cert_file = bundle;
  }
  return sources;
}

LoadResult load(const Sources& paths, const Overrides& given) {
  policy::Diagnostics diagnostics;
  const LayersRead read = read_layers(paths, diagnostics);
  const Sources sources = with_logins(paths, read.layers, given);
  Loaded loaded;
  for (const ConfigLayer& layer : read.layers) {
    for (const HostSet& set : layer.sets) {
      add_set(set, loaded.sets);
    }
  }
  Overrides overrides = given;
  overrides.allow = expand_sets(given.allow, "--allow", sources.sets, loaded.sets, diagnostics);
  Merged merged = merge(read.layers, overrides, sources, diagnostics);
  refuse_broadened(read.layers, overrides, sources, diagnostics);
  if (read.project) {
    loaded.project_broadens = broadened_by_project(read.layers, overrides, sources, merged.fields);
    loaded.project_file = read.layers.back().file;
    loaded.project_digest = read.project->digest();
    loaded.project_text = read.project->shown();
  }
  resolve_host_paths(merged, diagnostics);
  if (!diagnostics.empty()) {
    return diagnostics;
  }
  loaded.fields = std::move(merged.fields);
  loaded.agents = std::move(merged.agents);
  loaded.notices = std::move(merged.notices);
  for (const ConfigLayer& layer : read.layers) {
    loaded.preferences.notify = layer.notify.value_or(loaded.preferences.notify);
    for (const auto& entry : layer.build_hosts) {
      loaded.preferences.build_hosts.push_back(entry.value);
    }
    loaded.preferences.home_limit = layer.home_limit.value_or(loaded.preferences.home_limit);
    if (layer.label == LabelChoice::never) { // including the administrator's, which the user cannot override
      loaded.preferences.label = LabelChoice::never;
    }
    if (layer.git_host_settings == false) { // in any layer
      loaded.preferences.git_host_settings = false;
    }
    loaded.preferences.history_days = layer.history_days.value_or(loaded.preferences.history_days);
  }
  return loaded;
}

std::string describe(const policy::Diagnostics& diagnostics) {
  constexpr std::size_t k_max_shown = 20;
  std::string text;
  std::size_t shown = 0;
  for (const auto& [where, message, hint] : diagnostics) {
    if (++shown > k_max_shown) {
      return text + "\nand " + std::to_string(diagnostics.size() - k_max_shown) + " more";
    }
    text += text.empty() ? "" : "\n";
    text += where;
    text += ": ";
    text += message;
    if (!hint.empty()) {
      text += "\n    ";
      text += hint;
    }
  }
  return text;
}

std::string describe(const std::vector<policy::Change>& changes) {
  std::string text;
  for (const auto& [direction, field, change] : changes) {
    text += text.empty() ? "" : "\n";
    text += field;
    text += ": ";
    text += support::escape_untrusted(change, 500);
  }
  return text;
}

} // namespace agentbox::config
