// SPDX-License-Identifier: Apache-2.0
#include "config/layer_sections.hpp"

#include "config/host_sets.hpp"
#include "policy/public_suffix.hpp"
#include "support/text.hpp"

namespace agentbox::config {
namespace {

/// Reads a list of entries. Names of sets go to `sets`, if there may be any.
template <typename Item>
std::vector<Located<Item>> read_hosts(TomlTable& table, std::string_view key,
                                      std::variant<Item, policy::EntryProblem> (*parse)(std::string_view),
                                      std::vector<Located<std::string>>* sets = nullptr) {
  std::vector<Located<Item>> hosts;
  for (const Located<std::string>& text : table.strings(key)) {
    if (sets != nullptr && names_set(text.value)) {
      sets->push_back(text);
      continue;
    }
    std::variant<Item, policy::EntryProblem> result = parse(text.value);
    if (auto* problem = std::get_if<policy::EntryProblem>(&result)) {
      table.mistake(text.where, std::move(problem->message), std::move(problem->hint));
    } else {
      hosts.push_back({std::get<Item>(std::move(result)), text.where});
    }
  }
  return hosts;
}

void read_virtual_range(TomlTable& network, ConfigLayer& layer) {
  if (const auto text = network.string("virtual_range")) {
    layer.virtual_range = policy::parse_virtual_range(text->value);
    if (!layer.virtual_range) {
      network.mistake(
          text->where, support::in_quotes(text->value) + " is not a valid range for virtual addresses",
          "use a range with a prefix length of 8 to 24 inside one of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, "
          "100.64.0.0/10 or 198.18.0.0/15");
    }
  }
}

void read_uploads(TomlTable& network, ConfigLayer& layer) {
  const std::string_view expected = "a size such as \"50MB\"";
  if (const auto text = network.text_or_number("max_upload", expected)) {
    layer.max_upload = parse_size(text->value);
    if (!layer.max_upload) {
      network.mistake(text->where, "network.max_upload must be " + std::string(expected) + ", not " +
                                       support::in_quotes(text->value));
    }
  }
  auto table = network.table("upload_limits");
  if (!table) {
    return;
  }
  for (const Located<std::string>& key : table->keys()) {
    const auto text = table->text_or_number(key.value, expected);
    const auto bytes = text ? parse_size(text->value) : std::nullopt;
    auto pattern = policy::parse_listed_pattern(key.value);
    if (auto* problem = std::get_if<policy::EntryProblem>(&pattern)) {
      table->mistake(key.where, std::move(problem->message), std::move(problem->hint));
    } else if (text && !bytes) {
      table->mistake(text->where,
                     "an upload limit must be " + std::string(expected) + ", not " + support::in_quotes(text->value));
    } else if (bytes) {
      layer.upload_limits.push_back({std::get<policy::HostPattern>(std::move(pattern)), *bytes});
    }
  }
}

void read_upstream_proxy(TomlTable& network, ConfigLayer& layer) {
  if (const auto text = network.string("upstream_proxy")) {
    auto result = policy::parse_upstream_proxy(text->value);
    if (auto* problem = std::get_if<policy::EntryProblem>(&result)) {
      network.mistake(text->where, std::move(problem->message), std::move(problem->hint));
    } else {
      layer.upstream_proxy = std::get<policy::UpstreamProxy>(std::move(result));
    }
  }
}

void read_driver(TomlTable& network, ConfigLayer& layer) {
  if (const auto text = network.string("driver")) {
    const std::vector<std::string> known = {"nftables", "iptables"};
    if (text->value == known[0]) {
      layer.driver = policy::FirewallDriver::nftables;
    } else if (text->value == known[1]) {
      layer.driver = policy::FirewallDriver::iptables;
    } else {
      network.mistake(text->where,
                      support::in_quotes(text->value) + " is not a firewall driver" +
                          support::did_you_mean(text->value.substr(0, 64), known),
                      "the drivers are: nftables, iptables");
    }
  }
}

std::vector<std::string> values_of(const std::vector<Located<std::string>>& items) {
  std::vector<std::string> values;
  values.reserve(items.size());
  for (const Located<std::string>& item : items) {
    values.push_back(item.value);
  }
  return values;
}

AgentLayer read_agent(TomlTable& table, LayerKind kind) {
  AgentLayer agent;
  agent.where = table.where();
  for (const auto& [key, target] : {std::pair{"command", &agent.command},
                                    {"prompt", &agent.prompt},
                                    {"auth", &agent.auth},
                                    {"history", &agent.history},
                                    {"continue", &agent.continue_last},
                                    {"resume", &agent.resume},
                                    {"model", &agent.model},
                                    {"about", &agent.about},
                                    {"packages", &agent.packages}}) {
    const bool there = table.has(key);
    auto list = values_of(table.strings(key));
    if (there) {
      *target = std::move(list);
    }
  }
  if (auto env = table.table("env")) {
    for (const Located<std::string>& key : env->keys()) {
      if (auto value = env->string(key.value)) {
        agent.env[key.value] = std::move(value->value);
      }
    }
  }
  if (const auto npm = table.string("npm")) {
    agent.npm = npm->value;
  }
  table.finish();
  if (kind == LayerKind::project && (agent.npm || agent.packages)) {
    table.mistake(table.where(agent.npm ? "npm" : "packages"),
                  "a project's configuration cannot choose what is installed for an agent (" +
                      table.full_name(agent.npm ? "npm" : "packages") + ")",
                  "use your own configuration");
    agent.npm.reset();
    agent.packages.reset();
  }
  for (const auto& [key, paths] : {std::pair{"auth", &agent.auth}, {"history", &agent.history}}) {
    if (kind == LayerKind::project && *paths) {
      table.mistake(table.where(key),
                    table.full_name(key) +
                        " is not allowed in a project's configuration, because it refers to a host path",
                    "use your own configuration");
      paths->reset();
    }
  }
  return agent;
}

/// Reads one key of [limits]: a number, or text that `parse` accepts.
template <typename Number, typename Parse>
void read_limit(TomlTable& limits, std::string_view key, std::string_view expected, Parse parse,
                std::optional<Number>& target) {
  const auto text = limits.text_or_number(key, expected);
  if (!text) {
    return;
  }
  const auto value = parse_limit<Number>(text->value, parse);
  if (!value) {
    limits.mistake(text->where, limits.full_name(key) + " must be " + std::string(expected) + ", not " +
                                    support::in_quotes(text->value));
    return;
  }
  target = value;
}

} // namespace

void read_network(TomlTable& top, ConfigLayer& layer) {
  auto network = top.table("network");
  if (!network) {
    return;
  }
  layer.allow = read_hosts(*network, "allow_hosts", policy::parse_listed_entry, &layer.allow_sets);
  layer.block = read_hosts(*network, "block_hosts", policy::parse_block_pattern);
  layer.allow_file = network->string("allow_file");
  layer.allow_private = read_hosts(*network, "allow_private", policy::parse_listed_pattern);
  layer.allow_ech = read_hosts(*network, "allow_ech", policy::parse_listed_pattern);
  if (const auto wanted = network->boolean("default_hosts")) {
    layer.default_hosts = wanted->value;
  }
  read_virtual_range(*network, layer);
  read_driver(*network, layer);
  if (const auto notify = network->boolean("notify")) {
    layer.notify = notify->value;
    if (layer.kind == LayerKind::project) {
      network->mistake(notify->where, "a project's configuration cannot start programs of the host (network.notify)",
                       "set it in your own configuration");
    }
  }
  read_uploads(*network, layer);
  read_upstream_proxy(*network, layer);
  network->finish();
}

void read_build(TomlTable& top, ConfigLayer& layer) {
  auto build = top.table("build");
  if (!build) {
    return;
  }
  const bool there = build->has("allow_hosts");
  layer.build_hosts = read_hosts(*build, "allow_hosts", policy::parse_listed_entry, &layer.build_sets);
  build->finish();
  if (there && layer.kind == LayerKind::project) {
    build->mistake(build->where("allow_hosts"),
                   "a project's configuration cannot allow hosts for the image's build (build.allow_hosts)",
                   "set it in your own configuration");
    layer.build_hosts.clear();
    layer.build_sets.clear();
  }
}

void read_agents(TomlTable& top, ConfigLayer& layer) {
  auto agents = top.table("agents");
  if (!agents) {
    return;
  }
  for (const Located<std::string>& name : agents->keys()) {
    if (auto table = agents->table(name.value)) {
      layer.agents[name.value] = read_agent(*table, layer.kind);
    }
  }
}

void read_limits(TomlTable& top, ConfigLayer& layer) {
  auto table = top.table("limits");
  if (!table) {
    return;
  }
  LimitsLayer& limits = layer.limits;
  const std::string_view size = "a size such as \"512MB\"";
  read_limit(*table, "pids", "a whole number", parse_number, limits.pids);
  read_limit(*table, "memory", size, parse_size, limits.memory_bytes);
  read_limit(*table, "cpus", "a number of CPUs such as 1.5", parse_cpus, limits.cpu_millis);
  read_limit(*table, "shm", size, parse_size, limits.shm_bytes);
  read_limit(*table, "tmp", size, parse_size, limits.tmp_bytes);
  read_limit(*table, "open_files", "a whole number", parse_number, limits.open_files);
  table->finish();
}

} // namespace agentbox::config
