// SPDX-License-Identifier: Apache-2.0
#include "config/config_layer.hpp"

#include "config/layer_sections.hpp"
#include "config/locked.hpp"
#include "config/toml_reader.hpp"
#include "support/text.hpp"

namespace agentbox::config {
namespace {

// A project's file is untrusted, so it may not refer to host paths.
void refuse_host_path(TomlTable& table, std::string_view key, const std::string& place) {
  table.mistake(place,
                table.full_name(key) + " is not allowed in a project's configuration, because it refers to a host path",
                "use the command line or your own configuration");
}

void read_base(TomlTable& top, ConfigLayer& layer) {
  auto image = top.table("image");
  if (!image) {
    return;
  }
  layer.base = image->string("base");
  image->finish();
  const bool is_path = layer.base && (layer.base->value.starts_with("dir:") || layer.base->value.starts_with("tar:"));
  if (layer.kind == LayerKind::project && is_path) {
    refuse_host_path(*image, "base", layer.base->where);
    layer.base.reset();
  }
}

void read_mounts(TomlTable& top, ConfigLayer& layer) {
  for (TomlTable& table : top.tables("mounts")) {
    const auto source = table.string("source");
    const auto destination = table.string("destination");
    const auto read_only = table.boolean("read_only");
    const auto label = table.boolean("label");
    table.finish();
    if (layer.kind == LayerKind::project) {
      refuse_host_path(table, "source", table.where());
    } else if (source && destination) {
      layer.mounts.push_back(
          {{source->value, destination->value, read_only && read_only->value, label && label->value}, table.where()});
    } else if (!table.has("source") || !table.has("destination")) {
      table.mistake(table.where(), "a mount needs a source and a destination",
                    R"(source = "/path", destination = "/mnt/NAME", and optionally read_only = true, label = true)");
    }
  }
}

void read_env(TomlTable& top, ConfigLayer& layer) {
  auto table = top.table("env");
  if (!table) {
    return;
  }
  for (const Located<std::string>& key : table->keys()) {
    if (auto value = table->string(key.value)) {
      layer.env[key.value] = *std::move(value);
    }
  }
}

void read_ca_bundle(TomlTable& top, ConfigLayer& layer) {
  layer.ca_bundle = top.string("ca_bundle");
  if (layer.ca_bundle && layer.kind == LayerKind::project) {
    refuse_host_path(top, "ca_bundle", layer.ca_bundle->where);
    layer.ca_bundle.reset();
  }
}

/// Reads [protect] and [mask]: paths to add, and paths of lower layers to remove.
void read_paths(TomlTable& top, std::string_view table_name, std::vector<Located<std::string>>& paths,
                std::vector<Located<std::string>>& except) {
  if (auto table = top.table(table_name)) {
    paths = table->strings("paths");
    except = table->strings("except");
    table->finish();
  }
}

/// Reads a table with a single list of strings: [toolkits] selected.
std::vector<Located<std::string>> read_list(TomlTable& top, std::string_view table_name, std::string_view key) {
  auto table = top.table(table_name);
  if (!table) {
    return {};
  }
  auto list = table->strings(key);
  table->finish();
  return list;
}

void read_history_days(TomlTable& table, ConfigLayer& layer) {
  constexpr std::uint32_t k_max_days = 3650;
  const auto text = table.text_or_number("history_days", "a number of days");
  if (!text) {
    return;
  }
  layer.history_days = parse_limit<std::uint32_t>(text->value, parse_number);
  if (layer.kind == LayerKind::project) {
    table.mistake(text->where, "a project's configuration cannot remove conversations (agent.history_days)",
                  "use your own configuration");
  } else if (!layer.history_days || *layer.history_days == 0 || *layer.history_days > k_max_days) {
    table.mistake(text->where,
                  "agent.history_days must be a number of days from 1 to 3650, not " + support::in_quotes(text->value));
  }
}

void read_agent_choice(TomlTable& top, ConfigLayer& layer) {
  if (auto table = top.table("agent")) {
    layer.default_agent = table->string("default");
    if (const auto history = table->boolean("history")) {
      layer.history = history->value;
      if (layer.kind == LayerKind::project && history->value) {
        table->mistake(history->where, "a project's configuration cannot keep conversations (agent.history)",
                       "use your own configuration");
        layer.history.reset();
      }
    }
    if (const auto about = table->boolean("about_box")) {
      layer.about_box = about->value;
    }
    if (const auto instructions = table->boolean("instructions")) {
      layer.instructions = instructions->value;
      if (layer.kind == LayerKind::project && instructions->value) {
        table->mistake(instructions->where,
                       "a project's configuration cannot show your instructions to a box (agent.instructions)",
                       "use your own configuration");
        layer.instructions.reset();
      }
    }
    read_history_days(*table, layer);
    layer.auth = table->strings("auth");
    if (layer.kind == LayerKind::project && !layer.auth.empty()) {
      table->mistake(layer.auth.front().where, "a project's configuration cannot give a box your logins (agent.auth)",
                     "use your own configuration, or --auth");
      layer.auth.clear();
    }
    table->finish();
  }
}

/// Reads [home].
void read_home(TomlTable& top, ConfigLayer& layer) {
  auto table = top.table("home");
  if (!table) {
    return;
  }
  const auto keep = table->boolean("keep");
  const auto limit = table->text_or_number("limit", "a size such as \"20GB\"");
  table->finish();
  if (layer.kind == LayerKind::project && ((keep && keep->value) || limit)) {
    table->mistake(keep && keep->value ? keep->where : limit->where,
                   "a project's configuration cannot keep the box's home (home.keep, home.limit)",
                   "use your own configuration");
    return;
  }
  if (keep) {
    layer.keep_home = keep->value;
  }
  if (limit) {
    layer.home_limit = parse_size(limit->value);
    if (!layer.home_limit) {
      table->mistake(limit->where,
                     "home.limit must be a size such as \"20GB\", not " + support::in_quotes(limit->value));
    }
  }
}

/// Reads [verify].
void read_verify(TomlTable& top, ConfigLayer& layer) {
  if (auto table = top.table("verify")) {
    if (const auto wanted = table->boolean("on_start")) {
      layer.verify_on_start = wanted->value;
    }
    table->finish();
  }
}

void read_git(TomlTable& top, ConfigLayer& layer) {
  auto table = top.table("git");
  if (!table) {
    return;
  }
  if (const auto settings = table->boolean("host_settings")) {
    if (layer.kind == LayerKind::project && settings->value) {
      table->mistake(settings->where,
                     "a project's configuration cannot show your Git settings to a box (git.host_settings)",
                     "use your own configuration");
    } else {
      layer.git_host_settings = settings->value;
    }
  }
  table->finish();
}

/// Reads [selinux].
void read_selinux(TomlTable& top, ConfigLayer& layer) {
  auto table = top.table("selinux");
  if (!table) {
    return;
  }
  if (const auto label = table->string("label")) {
    if (layer.kind == LayerKind::project) {
      table->mistake(label->where, "a project's configuration cannot choose how the host is labelled (selinux.label)",
                     "use your own configuration");
    } else if (label->value == "project" || label->value == "never") {
      layer.label = label->value == "never" ? LabelChoice::never : LabelChoice::project;
    } else {
      table->mistake(label->where,
                     R"(selinux.label must be "project" or "never", not )" + support::in_quotes(label->value));
    }
  }
  table->finish();
}

/// Reads [locked].
void read_locked(TomlTable& top, ConfigLayer& layer, policy::Diagnostics& diagnostics) {
  if (layer.kind != LayerKind::system && top.has("locked")) {
    top.mistake(top.where("locked"), "only the administrator's configuration can lock keys",
                "move [locked] to /etc/agentbox/config.toml");
  }
  layer.locked = read_list(top, "locked", "keys");
  check_lockable(layer.locked, diagnostics);
}

} // namespace

ConfigLayer parse_layer(std::string_view text, const std::filesystem::path& file, LayerKind kind,
                        policy::Diagnostics& diagnostics) {
  ConfigLayer layer;
  layer.kind = kind;
  layer.file = file;
  const std::string shown = support::escape_untrusted(file.string(), 4096);
  const auto document = parse_toml(text, shown, diagnostics);
  if (!document) {
    return layer;
  }
  TomlTable top(*document, "", shown, diagnostics);
  read_network(top, layer);
  read_build(top, layer);
  read_agent_choice(top, layer);
  layer.toolkits = read_list(top, "toolkits", "selected");
  read_home(top, layer);
  read_agents(top, layer);
  read_mounts(top, layer);
  read_limits(top, layer);
  read_base(top, layer);
  read_paths(top, "protect", layer.protect, layer.protect_except);
  read_paths(top, "mask", layer.mask, layer.mask_except);
  read_env(top, layer);
  read_ca_bundle(top, layer);
  read_verify(top, layer);
  read_git(top, layer);
  read_selinux(top, layer);
  read_locked(top, layer, diagnostics);
  top.finish();
  return layer;
}

} // namespace agentbox::config
