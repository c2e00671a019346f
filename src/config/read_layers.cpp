// SPDX-License-Identifier: Apache-2.0
#include "config/read_layers.hpp"

#include <sys/stat.h>

#include "config/config_files.hpp"
#include "config/host_sets.hpp"
#include "config/merge.hpp"
#include "support/digest.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/text.hpp"

namespace agentbox::config {
namespace {

namespace fs = std::filesystem;

std::string shown(const fs::path& path) {
  return support::escape_untrusted(path.string(), 4096);
}

/// Returns what `read` returns; on an error returns nothing and adds a mistake at `where`.
template <typename Read>
std::optional<std::string> read_or_mistake(const std::string& where, policy::Diagnostics& diagnostics, Read read) {
  try {
    return read();
  } catch (const support::Error& error) {
    diagnostics.push_back({where, support::escape_untrusted(error.what(), 1000), error.hint()});
    return std::nullopt;
  }
}

void add_entries(std::string_view text, const fs::path& file, ConfigLayer& layer, policy::Diagnostics& diagnostics) {
  for (auto& entry : parse_allow_file(text, file, diagnostics)) {
    layer.allow.push_back(std::move(entry));
  }
}

/// Adds a mistake when a user other than the administrator can write `file` of the administrator's layer.
void check_owner(const fs::path& file, const Sources& sources, policy::Diagnostics& diagnostics) {
  struct stat info {};
  if (stat(file.c_str(), &info) != 0) {
    return; // the error from reading it says why
  }
  const bool owned = !sources.system_owner || info.st_uid == *sources.system_owner;
  if (!owned || (info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    diagnostics.push_back({shown(file), "users other than the administrator can write to this file",
                           "as root: chown root:root " + shown(file) + " && chmod go-w " + shown(file)});
  }
}

/// Reads the allow file of the user's or the system's configuration, which may be anywhere on the host.
void read_allow_file(ConfigLayer& layer, const Sources& sources, policy::Diagnostics& diagnostics) {
  if (!layer.allow_file) {
    return;
  }
  const fs::path file = absolute_path(layer.allow_file->value, sources.home, layer.file.parent_path());
  if (layer.kind == LayerKind::system) {
    check_owner(file, sources, diagnostics);
  }
  const auto text = read_or_mistake(layer.allow_file->where, diagnostics,
                                    [&] { return std::optional(support::read_file(file, k_max_allow_file)); });
  if (text) {
    add_entries(*text, file, layer, diagnostics);
  }
}

/// Reads the user's or the system's configuration, which may be missing.
ConfigLayer read_layer(const fs::path& file, LayerKind kind, const Sources& sources, policy::Diagnostics& diagnostics) {
  if (kind == LayerKind::system) {
    check_owner(file, sources, diagnostics);
  }
  const auto text =
      read_or_mistake(shown(file), diagnostics, [&] { return support::read_file_if_exists(file, k_max_config); });
  ConfigLayer layer = parse_layer(text.value_or(""), file, kind, diagnostics);
  read_allow_file(layer, sources, diagnostics);
  expand_sets(layer, sources.sets, diagnostics);
  return layer;
}

/// Reads the allow file of a project, which must be in the workspace and not a link. Returns its text for the digest.
std::string read_project_allow_file(ConfigLayer& layer, const Sources& sources, policy::Diagnostics& diagnostics) {
  const std::string& name = layer.allow_file->value;
  const fs::path relative = (fs::path(k_project_file).parent_path() / name).lexically_normal();
  const bool leaves = name.empty() || name.front() == '/' || name.front() == '~' || *relative.begin() == ".." ||
                      name.find('\0') != std::string::npos;
  if (leaves) {
    diagnostics.push_back(
        {layer.allow_file->where,
         "the allow file of a project's configuration must be inside the workspace, not " + support::in_quotes(name),
         "write a path relative to .agentbox/"});
    return {};
  }
  const auto text = read_or_mistake(layer.allow_file->where, diagnostics, [&] {
    return support::read_file_beneath(sources.workspace, relative, k_max_allow_file);
  });
  if (text) {
    add_entries(*text, sources.workspace / relative, layer, diagnostics);
  } else if (diagnostics.empty() || diagnostics.back().where != layer.allow_file->where) {
    diagnostics.push_back({layer.allow_file->where, "no such file: " + shown(sources.workspace / relative), ""});
  }
  return text.value_or("");
}

void read_project(const Sources& sources, LayersRead& result, policy::Diagnostics& diagnostics) {
  const fs::path file = sources.workspace / k_project_file;
  const std::size_t mistakes_before = diagnostics.size();
  const auto text = read_or_mistake(shown(file), diagnostics, [&] {
    return support::read_file_beneath(sources.workspace, k_project_file, k_max_config);
  });
  if (diagnostics.size() != mistakes_before) {
    return; // the same link would be reported for each file
  }
  ProjectTexts texts;
  texts.config = text.value_or("");
  ConfigLayer layer = parse_layer(texts.config, file, LayerKind::project, diagnostics);
  expand_sets(layer, sources.sets, diagnostics);
  texts.sets = sets_text(layer.sets);
  if (layer.allow_file) {
    texts.allow_file = read_project_allow_file(layer, sources, diagnostics);
  }
  texts.saved_hosts = add_saved_hosts(layer, sources, diagnostics);
  if (text || !texts.saved_hosts.empty()) {
    layer.file = text ? file : saved_hosts_file(sources, LayerKind::project);
    result.layers.push_back(std::move(layer));
    result.project = std::move(texts);
  }
}

} // namespace

std::string ProjectTexts::digest() const {
  support::Sha256 digest;
  for (const std::string* text : {&config, &allow_file, &saved_hosts}) {
    digest.update(std::to_string(text->size()) + "\n" + *text); // the sizes keep the texts apart
  }
  if (!sets.empty()) {
    digest.update(std::to_string(sets.size()) + "\n" + sets);
  }
  return digest.hex();
}

std::string ProjectTexts::shown() const {
  return config + (allow_file.empty() ? "" : "# ---- the allow file\n" + allow_file) +
         (saved_hosts.empty() ? "" : "# ---- " + std::string(k_saved_hosts) + "\n" + saved_hosts) +
         (sets.empty() ? "" : "# ---- the sets of hosts\n" + sets);
}

fs::path saved_hosts_file(const Sources& sources, LayerKind kind) {
  return (kind == LayerKind::project ? sources.workspace / k_project_directory
                                     : sources.user_file.value().parent_path()) /
         k_saved_hosts;
}

std::string add_saved_hosts(ConfigLayer& layer, const Sources& sources, policy::Diagnostics& diagnostics) {
  const fs::path file = saved_hosts_file(sources, layer.kind);
  const auto text = read_or_mistake(shown(file), diagnostics, [&] {
    return layer.kind == LayerKind::project
               ? support::read_file_beneath(sources.workspace, fs::path(k_project_directory) / k_saved_hosts,
                                            k_max_allow_file)
               : support::read_file_if_exists(file, k_max_allow_file);
  });
  if (text) {
    parse_saved_hosts(*text, file, layer, diagnostics);
  }
  return text.value_or("");
}

ConfigLayer read_system_layer(const Sources& sources, policy::Diagnostics& diagnostics) {
  return read_layer(sources.system_file.value(), LayerKind::system, sources, diagnostics);
}

LayersRead read_layers(const Sources& sources, policy::Diagnostics& diagnostics) {
  LayersRead result;
  for (const auto& [file, kind] :
       {std::pair{sources.system_file, LayerKind::system}, std::pair{sources.user_file, LayerKind::user}}) {
    if (!file) {
      continue;
    }
    ConfigLayer layer = read_layer(*file, kind, sources, diagnostics);
    if (kind == LayerKind::user) {
      result.user_saved_hosts = add_saved_hosts(layer, sources, diagnostics);
    }
    result.layers.push_back(std::move(layer));
  }
  read_project(sources, result, diagnostics);
  return result;
}

} // namespace agentbox::config
