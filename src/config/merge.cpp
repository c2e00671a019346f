// SPDX-License-Identifier: Apache-2.0
#include "config/merge.hpp"

#include <algorithm>
#include <set>

#include "agents/agent_data.hpp"
#include "config/instructions.hpp"
#include "config/workspace.hpp"
#include "conversations/store.hpp"
#include "policy/agents.hpp"
#include "policy/hidden_names.hpp"
#include "policy/public_suffix.hpp"
#include "support/sorted.hpp"
#include "support/text.hpp"

namespace agentbox::config {

void unknown_agent(const std::vector<policy::Agent>& agents, const std::string& name, const std::string& where,
                   policy::Diagnostics& diagnostics) {
  std::vector<std::string> names;
  names.reserve(agents.size());
  for (const policy::Agent& agent : agents) {
    names.push_back(agent.name);
  }
  diagnostics.push_back(
      {where, support::in_quotes(name) + " is not a known agent" + support::did_you_mean(name.substr(0, 64), names),
       "the agents are: " + support::join(names, ", ") + "; add one with [agents.NAME] in your configuration"});
}

namespace {

using policy::Diagnostics;
using support::in_quotes;

constexpr std::string_view k_last_used = "last_used";
constexpr std::string_view k_first_agent = "codex"; // if none is configured and none ran before

const policy::Agent* find_agent(const std::vector<policy::Agent>& agents, std::string_view name) {
  const auto found = std::find_if(agents.begin(), agents.end(), [&](const auto& agent) { return agent.name == name; });
  return found == agents.end() ? nullptr : &*found;
}

/// Returns the agent of the command line, else of the highest layer that names one, else the last used.
policy::Agent choose_agent(const std::vector<policy::Agent>& agents, const std::vector<ConfigLayer>& layers,
                           const Overrides& overrides, const Sources& sources, Diagnostics& diagnostics) {
  Located<std::string> wanted{std::string(k_last_used), ""};
  for (const ConfigLayer& layer : layers) {
    wanted = layer.default_agent.value_or(wanted);
  }
  if (overrides.agent) {
    wanted = {*overrides.agent, "the command line"};
  }
  if (wanted.value == k_last_used) {
    const policy::Agent* last = find_agent(agents, sources.last_agent.value_or(""));
    wanted.value = last == nullptr ? std::string(k_first_agent) : last->name;
  }
  if (const policy::Agent* agent = find_agent(agents, wanted.value)) {
    return *agent;
  }
  unknown_agent(agents, wanted.value, wanted.where, diagnostics);
  policy::Agent missing;
  missing.name = wanted.value;
  return missing;
}

/// Adds what the agent needs to what every box has: its packages in the image, and its vendor's hosts.
void add_agent(const std::vector<ConfigLayer>& layers, policy::PolicyFields& fields) {
  const std::string& name = fields.agent.name;
  std::optional<std::string> npm;
  std::optional<std::vector<std::string>> packages;
  bool keep_defaults = true;
  for (const ConfigLayer& layer : layers) {
    keep_defaults = keep_defaults && layer.default_hosts;
    if (const auto found = layer.agents.find(name); found != layer.agents.end()) {
      npm = found->second.npm ? found->second.npm : npm;
      packages = found->second.packages ? found->second.packages : packages;
    }
  }
  const agents::AgentData* data = agents::find_agent_data(name);
  const bool is_extra = data != nullptr && !data->in_default_image && !data->is_runtime;
  if (npm || (is_extra && !packages)) {
    fields.image.agents[name] = npm.value_or("");
  }
  fields.image.packages = packages.value_or(fields.image.packages);
  support::sort_unique(fields.image.packages);
  if (!is_extra || !keep_defaults) {
    return;
  }
  for (const std::string& host : data->hosts) {
    policy::AllowEntry entry = std::get<policy::AllowEntry>(policy::parse_listed_entry(host));
    if (!block_over(entry, layers)) {
      policy::add_entry(std::move(entry), fields.egress);
    }
  }
  support::sort_unique(fields.egress.allow);
}

std::filesystem::path directory_of(const ConfigLayer& layer) {
  return layer.file.parent_path();
}

/// Merges the conversations of the agent with this project.
void merge_conversations(const std::vector<ConfigLayer>& layers, const Overrides& overrides, const Sources& sources,
                         Merged& merged) {
  const policy::PolicyFields& fields = merged.fields;
  bool kept = true;
  for (const ConfigLayer& layer : layers) {
    kept = layer.history.value_or(kept);
  }
  if (!kept || !overrides.conversations || fields.run.kind == policy::Run::Kind::command) {
    return;
  }
  for (const std::string& path : fields.agent.history) {
    merged.mounts.push_back({conversations::kept_path(sources.conversations, fields.agent.name, path),
                             (std::filesystem::path(fields.user.home) / path).string(), false, conversations::k_reason,
                             "", true});
  }
}

/// Merges the home of this project, if it is kept.
void merge_home(const std::vector<ConfigLayer>& layers, const Overrides& overrides, const Sources& sources,
                Merged& merged) {
  bool kept = false;
  for (const ConfigLayer& layer : layers) {
    kept = layer.keep_home.value_or(kept);
  }
  kept = overrides.home ? *overrides.home == "keep" : kept;
  if (kept && overrides.conversations) {
    merged.mounts.push_back({sources.kept_home, merged.fields.user.home, false, policy::k_home_reason, "", true});
  }
}

/// Merges the user's own instructions for the agent.
void merge_instructions(const std::vector<ConfigLayer>& layers, const Overrides& overrides, const Sources& sources,
                        Merged& merged) {
  bool wanted = overrides.instructions;
  for (const ConfigLayer& layer : layers) {
    wanted = overrides.instructions || layer.instructions.value_or(wanted);
  }
  if (!wanted || !overrides.has_session || merged.fields.run.kind == policy::Run::Kind::command) {
    return;
  }
  if (const auto place = sources.agent_directories.find(merged.fields.agent.name);
      place != sources.agent_directories.end()) {
    MountRequest request;
    request.source = place->second.on_host;
    request.destination = merged.fields.user.home + "/" + place->second.in_home;
    request.read_only = true;
    request.reason = k_instructions_reason;
    request.is_copied = true;
    merged.mounts.push_back(std::move(request));
  }
}

MountRequest mount_request(const MountText& mount, const std::filesystem::path& base, const Sources& sources,
                           const std::string& reason) {
  MountRequest request{absolute_path(mount.source, sources.home, base), mount.destination, mount.read_only, reason, ""};
  request.label = mount.label;
  return request;
}

void merge_mounts(const std::vector<ConfigLayer>& layers, const Overrides& overrides, const Sources& sources,
                  Merged& merged, Diagnostics& diagnostics) {
  for (const ConfigLayer& layer : layers) {
    for (const Located<MountText>& mount : layer.mounts) {
      merged.mounts.push_back(mount_request(mount.value, directory_of(layer), sources, mount.where));
    }
  }
  for (const std::string& text : overrides.mounts) {
    auto parsed = parse_mount(text);
    if (auto* problem = std::get_if<ValueProblem>(&parsed)) {
      diagnostics.push_back({"--mount", problem->message, problem->hint});
      continue;
    }
    merged.mounts.push_back(mount_request(std::get<MountText>(parsed), sources.current_directory, sources, "--mount"));
  }
  merge_home(layers, overrides, sources, merged);
  merge_instructions(layers, overrides, sources, merged);
  merge_conversations(layers, overrides, sources, merged);
  merge_logins(layers, overrides, sources, merged, diagnostics);
}

template <typename Value>
void override_value(std::optional<Value> from, Value& to) {
  to = from.value_or(to);
}

template <typename Value>
void override_value(std::optional<Value> from, std::optional<Value>& to) {
  to = from ? from : to;
}

/// Merges one limit of the command line.
template <typename Number, typename Parse>
std::optional<Number> override_limit(const std::optional<std::string>& text, std::string_view flag,
                                     std::string_view expected, Parse parse, Diagnostics& diagnostics) {
  if (!text) {
    return std::nullopt;
  }
  const auto value = parse_limit<Number>(*text, parse);
  if (!value) {
    diagnostics.push_back({std::string(flag), "must be " + std::string(expected) + ", not " + in_quotes(*text), ""});
  }
  return value;
}

void merge_limits(const std::vector<ConfigLayer>& layers, const Overrides& overrides, policy::Limits& limits,
                  Diagnostics& diagnostics) {
  for (const ConfigLayer& layer : layers) {
    override_value(layer.limits.pids, limits.pids);
    override_value(layer.limits.memory_bytes, limits.memory_bytes);
    override_value(layer.limits.cpu_millis, limits.cpu_millis);
    override_value(layer.limits.shm_bytes, limits.shm_bytes);
    override_value(layer.limits.tmp_bytes, limits.tmp_bytes);
    override_value(layer.limits.open_files, limits.open_files);
  }
  override_value(override_limit<std::uint32_t>(overrides.pids, "--pids", "a whole number", parse_number, diagnostics),
                 limits.pids);
  override_value(
      override_limit<std::uint64_t>(overrides.memory, "--memory", "a size such as 2GB", parse_size, diagnostics),
      limits.memory_bytes);
  override_value(
      override_limit<std::uint32_t>(overrides.cpus, "--cpus", "a number of CPUs such as 1.5", parse_cpus, diagnostics),
      limits.cpu_millis);
}

std::vector<std::string> sorted(const std::set<std::string>& items) {
  return {items.begin(), items.end()};
}

/// Merges the masked paths: each layer adds some and removes some. A removed path need not be on the list, because
/// files are also masked by name; one that looks like a misspelled entry is a mistake, because the user believes that
/// something changed.
void merge_masked(const ConfigLayer& layer, policy::Workspace& workspace, Diagnostics& diagnostics) {
  std::set<std::string> merged(workspace.mask.begin(), workspace.mask.end());
  std::set<std::string> shown(workspace.mask_except.begin(), workspace.mask_except.end());
  for (const auto& path : layer.mask) {
    merged.insert(path.value);
    shown.erase(path.value);
  }
  for (const auto& path : layer.mask_except) {
    shown.insert(path.value);
    const std::string meant =
        support::did_you_mean(path.value.substr(0, 64), std::vector<std::string>(merged.begin(), merged.end()));
    if (merged.erase(path.value) == 0 && !meant.empty() && !policy::may_be_hidden(path.value)) {
      diagnostics.push_back(
          {path.where, in_quotes(path.value) + " is not a masked path" + meant, "agentbox policy show lists them"});
    }
  }
  workspace.mask = sorted(merged);
  workspace.mask_except = sorted(shown);
}

/// Merges protected paths in the same way. A removed path need not be on the list because the Git configuration may
/// refer to it, which is known only when a box starts. A path that a layer adds is protected even if a lower layer
/// excepted it.
void merge_protected(const ConfigLayer& layer, policy::Workspace& workspace) {
  std::set<std::string> list(workspace.protect.begin(), workspace.protect.end());
  std::set<std::string> except(workspace.protect_except.begin(), workspace.protect_except.end());
  for (const auto& path : layer.protect) {
    list.insert(path.value);
    except.erase(path.value);
  }
  for (const auto& path : layer.protect_except) {
    if (list.erase(path.value) == 0) {
      except.insert(path.value);
    }
  }
  workspace.protect = sorted(list);
  workspace.protect_except = sorted(except);
}

void merge_lists(const std::vector<ConfigLayer>& layers, const Overrides& overrides, policy::PolicyFields& fields,
                 Diagnostics& diagnostics) {
  std::set<std::string> toolkits(overrides.toolkits.begin(), overrides.toolkits.end());
  for (const ConfigLayer& layer : layers) {
    for (const auto& toolkit : layer.toolkits) {
      toolkits.insert(toolkit.value);
    }
    merge_protected(layer, fields.workspace);
    merge_masked(layer, fields.workspace, diagnostics);
    for (const auto& [name, value] : layer.env) {
      fields.env[name] = value.value;
    }
  }
  for (const auto& [name, value] : overrides.env) {
    fields.env[name] = value;
  }
  fields.image.toolkits = sorted(toolkits);
}

void set_base(const std::string& base, const std::string& where, const std::filesystem::path& home,
              const std::filesystem::path& directory, Merged& merged) {
  merged.base_path.reset();
  merged.fields.image.base = base;
  if (base.starts_with("dir:") || base.starts_with("tar:")) {
    merged.base_path = {absolute_path(std::string_view(base).substr(4), home, directory), where};
    merged.fields.image.base = base.substr(0, 4) + merged.base_path->value.string();
  }
}

void merge_files(const std::vector<ConfigLayer>& layers, const Overrides& overrides, const Sources& sources,
                 Merged& merged) {
  if (sources.ssl_cert_file) {
    merged.ca_bundle = {absolute_path(*sources.ssl_cert_file, sources.home, sources.current_directory),
                        "SSL_CERT_FILE"};
  }
  for (const ConfigLayer& layer : layers) {
    if (layer.ca_bundle) {
      merged.ca_bundle = {absolute_path(layer.ca_bundle->value, sources.home, directory_of(layer)),
                          layer.ca_bundle->where};
    }
    if (layer.base) {
      set_base(layer.base->value, layer.base->where, sources.home, directory_of(layer), merged);
    }
  }
  if (overrides.ca_bundle) {
    merged.ca_bundle = {absolute_path(*overrides.ca_bundle, sources.home, sources.current_directory), "--ca-bundle"};
  }
  if (overrides.base) {
    set_base(*overrides.base, "--base", sources.home, sources.current_directory, merged);
  }
}

void merge_ports(const Overrides& overrides, policy::PolicyFields& fields, Diagnostics& diagnostics) {
  for (const std::string& text : overrides.publish) {
    auto parsed = parse_publish(text);
    if (auto* problem = std::get_if<ValueProblem>(&parsed)) {
      diagnostics.push_back({"-p", problem->message, problem->hint});
    } else {
      fields.ports.push_back(std::get<policy::PublishedPort>(std::move(parsed)));
    }
  }
}

} // namespace

std::filesystem::path absolute_path(std::string_view text, const std::filesystem::path& home,
                                    const std::filesystem::path& directory) {
  std::filesystem::path path;
  if (text == "~" || text.starts_with("~/")) {
    path = home / text.substr(std::min<std::size_t>(2, text.size()));
  } else {
    path = directory / text; // an absolute text replaces the directory
  }
  path = path.lexically_normal();
  return path.has_filename() || path == "/" ? path : path.parent_path();
}

namespace {

std::optional<policy::FirewallDriver> driver_of(const Overrides& overrides, Diagnostics& diagnostics) {
  if (!overrides.driver) {
    return std::nullopt;
  }
  for (const auto driver : {policy::FirewallDriver::nftables, policy::FirewallDriver::iptables}) {
    if (policy::driver_text(driver) == *overrides.driver) {
      return driver;
    }
  }
  diagnostics.push_back({"--firewall-driver", support::in_quotes(*overrides.driver) + " is not a firewall driver",
                         "the drivers are: nftables, iptables"});
  return std::nullopt;
}

/// Adds the options for which every agent has its own arguments: --continue, --resume and --model.
void add_agent_arguments(const Overrides& overrides, policy::PolicyFields& fields, Diagnostics& diagnostics) {
  std::vector<std::string> arguments;
  const auto add = [&](std::string_view flag, std::string_view key, const std::vector<std::string>& words,
                       const std::string& value) {
    if (words.empty()) {
      diagnostics.push_back(
          {std::string(flag),
           "agentbox does not know how " + in_quotes(fields.agent.name) + " takes " + std::string(flag),
           "give the agent's own option after --, or add " + std::string(key) + " = [\"ARGUMENT\"] to [agents." +
               fields.agent.name + "] in your configuration"});
    }
    arguments.insert(arguments.end(), words.begin(), words.end());
    if (!value.empty()) {
      arguments.push_back(value);
    }
  };
  const std::pair<std::string_view, const std::optional<std::string>*> values[] = {{"--resume", &overrides.resume},
                                                                                   {"--model", &overrides.model}};
  for (const auto& [flag, value] : values) {
    constexpr std::size_t k_max_value = 256;
    if (*value && ((*value)->starts_with('-') || (*value)->size() > k_max_value)) {
      diagnostics.push_back({std::string(flag), in_quotes(**value) + " is not a valid name", ""});
    }
  }
  if (overrides.continue_last) {
    add("--continue", "continue", fields.agent.continue_last, "");
  }
  if (overrides.resume) {
    add("--resume", "resume", fields.agent.resume, *overrides.resume);
  }
  if (overrides.model) {
    add("--model", "model", fields.agent.model, *overrides.model);
  }
  fields.run.arguments.insert(fields.run.arguments.begin(), arguments.begin(), arguments.end());
}

} // namespace

Merged merge(const std::vector<ConfigLayer>& layers, const Overrides& overrides, const Sources& sources,
             Diagnostics& diagnostics) {
  Merged merged;
  merged.fields = policy::default_fields();
  policy::PolicyFields& fields = merged.fields;
  fields.workspace.source = sources.workspace;
  fields.name = overrides.name.value_or(default_box_name(sources.workspace));
  fields.run = overrides.run;
  fields.egress = merge_egress(layers, overrides, diagnostics);
  for (const ConfigLayer& layer : layers) {
    override_value(layer.driver, fields.firewall_driver);
    override_value(layer.verify_on_start, fields.confinement.prove_at_start);
  }
  override_value(driver_of(overrides, diagnostics), fields.firewall_driver);
  merged.agents = merge_agents(layers, diagnostics);
  fields.agent = choose_agent(merged.agents, layers, overrides, sources, diagnostics);
  add_agent_arguments(overrides, fields, diagnostics);
  bool about_box = true;
  for (const ConfigLayer& layer : layers) {
    override_value(layer.about_box, about_box);
  }
  if (!about_box) {
    fields.agent.about.clear();
  }
  add_agent(layers, fields);
  merge_lists(layers, overrides, fields, diagnostics);
  merge_limits(layers, overrides, fields.limits, diagnostics);
  merge_ports(overrides, fields, diagnostics);
  merge_files(layers, overrides, sources, merged);
  merge_mounts(layers, overrides, sources, merged, diagnostics);
  return merged;
}

} // namespace agentbox::config
