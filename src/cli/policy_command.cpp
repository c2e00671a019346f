// SPDX-License-Identifier: Apache-2.0
// policy show, check, diff, sets and trust.
#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <fmt/format.h>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "cli/agreement.hpp"
#include "cli/box_options.hpp"
#include "cli/network_command.hpp"
#include "cli/subcommands.hpp"
#include "config/host_sets.hpp"
#include "config/load.hpp"
#include "guard/git_carried.hpp"
#include "policy/policy.hpp"
#include "protocol/protocol.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/text.hpp"

namespace agentbox::cli {
namespace {

using policy::PolicyFields;

/// Hides the values of environment variables.
PolicyFields without_values(PolicyFields fields) {
  for (auto& [name, value] : fields.env) {
    value = "(not shown)";
  }
  return fields;
}

policy::Policy built(PolicyFields fields) {
  policy::PolicyResult result = policy::build_policy(std::move(fields));
  if (const auto* mistakes = std::get_if<policy::Diagnostics>(&result)) {
    throw support::Error(support::ExitCode::usage, config::describe(*mistakes));
  }
  return std::get<policy::Policy>(std::move(result));
}

/// Returns the size in the largest unit that divides it: "1GiB".
std::string exact_size_text(std::uint64_t bytes) {
  constexpr std::array<const char*, 5> k_units = {" bytes", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  while (bytes != 0 && bytes % 1024 == 0 && unit + 1 < k_units.size()) {
    bytes /= 1024;
    ++unit;
  }
  return fmt::format("{}{}", bytes, k_units.at(unit));
}

void line(std::string_view name, const std::string& value) {
  fmt::print("{:<12} {}\n", name, support::escape_untrusted(value, std::string::npos)); // a project chose some of them
}

void show_hosts(const policy::EgressPolicy& egress) {
  const bool nothing = egress.allow.empty() && egress.allow_addresses.empty() && egress.host_ports.empty();
  line("network", nothing ? "nothing" : "these hosts only:");
  for (const policy::HostEntry& entry : egress.allow) {
    line("", fmt::format("{}:{}", entry.pattern.text(), entry.port));
  }
  for (const policy::AddressEntry& entry : egress.allow_addresses) {
    line("", entry.text());
  }
  for (const std::uint16_t port : egress.host_ports) {
    line("", fmt::format("{}:{} (this machine)", policy::k_host_alias, port));
  }
  for (const policy::HostPattern& pattern : egress.block) {
    line("", "never " + pattern.text());
  }
}

/// Shows where the firewall has no name to compare with the list: protocols other than TLS and HTTP, and entries that
/// are not names.
void show_unchecked(const policy::EgressPolicy& egress) {
  std::vector<std::string> lines;
  for (const auto& [pattern, port] : egress.allow) {
    if (port != policy::k_https_port && port != policy::k_http_port) {
      lines.push_back(fmt::format("any protocol on {}:{} other than TLS and HTTP", pattern.text(), port));
    }
  }
  for (const policy::AddressEntry& entry : egress.allow_addresses) {
    lines.push_back(fmt::format("any protocol on {} (addresses have no name to check)", entry.text()));
  }
  for (const std::uint16_t port : egress.host_ports) {
    lines.push_back(fmt::format("any protocol on {}:{} (this machine)", policy::k_host_alias, port));
  }
  for (const std::string& text : lines) {
    line(&text == &lines.front() ? "not checked" : "", text);
  }
}

// Each binds every member, so that a new one does not compile until it is shown.

void show_network(const policy::EgressPolicy& egress, policy::FirewallDriver driver) {
  const auto& [mode, virtual_range, allow, block, allow_ech, allow_private, allow_addresses, host_ports, max_upload,
               upload_limits, upstream_proxy] = egress;
  if (mode == policy::NetworkMode::full) {
    line("network", "everything (--full-network)");
    return;
  }
  std::ignore = std::tie(allow, block, allow_addresses, host_ports);
  show_hosts(egress);
  for (const policy::HostPattern& pattern : allow_private) {
    line("", pattern.text() + " may have private addresses");
  }
  for (const policy::HostPattern& pattern : allow_ech) {
    line("", pattern.text() + " may hide its name (ECH, no SNI)");
  }
  show_unchecked(egress);
  if (max_upload) {
    line("uploads", fmt::format("at most {} per list entry and session", exact_size_text(*max_upload)));
  }
  for (const policy::UploadLimit& limit : upload_limits) {
    line("uploads", fmt::format("at most {} per session to {}", exact_size_text(limit.bytes), limit.pattern.text()));
  }
  if (upstream_proxy) {
    line("via", "proxy " + upstream_proxy->text());
  }
  line("firewall", fmt::format("{}; names get addresses from {}", policy::driver_text(driver), virtual_range.text()));
}

void show_limits(const policy::Limits& limits) {
  const auto& [pids, memory_bytes, cpu_millis, shm_bytes, tmp_bytes, open_files] = limits;
  line("processes", std::to_string(pids));
  line("memory", memory_bytes ? exact_size_text(*memory_bytes) : "unlimited");
  line("CPUs", cpu_millis ? fmt::format("{}.{:03}", *cpu_millis / 1000, *cpu_millis % 1000) : "unlimited");
  line("/dev/shm", exact_size_text(shm_bytes));
  line("/tmp", exact_size_text(tmp_bytes));
  line("open files", std::to_string(open_files));
}

void show_workspace(const policy::Workspace& workspace) {
  const auto& [source, destination, protect, mask, protect_except, mask_except] = workspace;
  line("workspace", fmt::format("{} at {}, read-write", support::escape_untrusted(source.string()), destination));
  line("", "read-only, if they exist: " + support::join(protect, ", "));
  if (!protect_except.empty()) {
    line("", "not protected ([protect] except): " + support::join(protect_except, ", "));
  }
  line("", "masked (empty), if they exist: " + (mask.empty() ? "nothing" : support::join(mask, ", ")));
  line("", "masked at every depth: .env and .env.* except examples, files that contain tokens (.npmrc, .netrc, …), "
           "Unix sockets, FIFOs");
  if (!mask_except.empty()) {
    line("", "not masked ([mask] except): " + support::join(mask_except, ", "));
  }
}

/// Shows the names of the user's Git settings that the box gets.
void show_git_settings(const std::filesystem::path& workspace) {
  std::vector<std::string> names;
  const guard::CarriedSettings carried = guard::carried_settings(guard::standard_settings_files(), workspace);
  for (const auto& [name, value] : carried.values) {
    names.push_back(name);
  }
  for (const auto& [file, setting] : {std::pair(protocol::k_git_ignore, "core.excludesfile"),
                                      std::pair(protocol::k_git_attributes, "core.attributesfile")}) {
    if (carried.files.contains(file)) {
      names.emplace_back(setting);
    }
  }
  if (!names.empty()) {
    line("git", "copies of your settings: " + support::join(names, ", "));
  }
}

void show(const PolicyFields& fields, const std::vector<config::HostSet>& sets) {
  const auto& [user, workspace, mounts, env, ports, limits, confinement, egress, firewall_driver, agent, run, image,
               ca_bundle, name, hostname] = fields;
  std::ignore = std::tie(run, hostname); // not about what it may do
  line("box", name);
  line("agent", agent.name);
  line("image", image.base + (image.toolkits.empty() ? "" : " + " + support::join(image.toolkits, ", ")));
  line("user", fmt::format("{} ({}:{}), no capabilities, no new privileges", user.name, user.uid, user.gid));
  if (confinement.prove_at_start) {
    line("", "attacked before the agent starts ([verify] on_start)");
  }
  show_workspace(workspace);
  for (const policy::Mount& mount : mounts) {
    line("mount", fmt::format("{} at {}, {}{} ({})", support::escape_untrusted(mount.source.string()),
                              mount.destination, mount.read_only ? "read-only" : "read-write",
                              mount.label ? ", labelled where SELinux is enabled" : "", mount.reason));
  }
  if (ca_bundle) {
    line("trusts", "the CA certificates of " + support::escape_untrusted(ca_bundle->string()));
  }
  for (const auto& [variable, value] : env) {
    line("variable", variable);
  }
  for (const policy::PublishedPort& port : ports) {
    line("port", fmt::format("{}:{} to {} in the box", port.address, port.host_port, port.box_port));
  }
  show_limits(limits);
  show_network(egress, firewall_driver);
  for (const config::HostSet& set : sets) {
    line(&set == &sets.front() ? "sets" : "", "@" + set.name + (set.note.empty() ? "" : ": " + set.note));
  }
}

void list_sets(bool as_data) {
  const std::vector<config::HostSet> sets = config::read_sets(config::standard_sources("/proc").sets);
  if (as_data) {
    nlohmann::json list = nlohmann::json::array();
    for (const config::HostSet& set : sets) {
      nlohmann::json hosts = nlohmann::json::array();
      for (const config::HostSet::Host& host : set.hosts) {
        hosts.push_back({{"host", host.entry.text()}, {"reason", host.reason}});
      }
      list.push_back({{"name", "@" + set.name}, {"about", set.about}, {"note", set.note}, {"hosts", hosts}});
    }
    fmt::print("{}\n", list.dump(2, ' ', true));
    return;
  }
  for (const config::HostSet& set : sets) {
    fmt::print("@{:<11} {}\n", set.name, set.about);
    for (const config::HostSet::Host& host : set.hosts) {
      fmt::print("  {:<36} {}\n", host.entry.text(), host.reason);
    }
    if (!set.note.empty()) {
      fmt::print("  note: {}\n", set.note);
    }
  }
}

/// Returns the default contract for the same workspace and agent.
PolicyFields default_box(const PolicyFields& fields) {
  PolicyFields before = policy::default_fields();
  before.workspace.source = fields.workspace.source;
  before.name = fields.name;
  before.agent = fields.agent;
  before.run = fields.run;
  return before;
}

const char* word_of(policy::Change::Direction direction) {
  switch (direction) {
  case policy::Change::Direction::broader: return "broader";
  case policy::Change::Direction::tighter: return "tighter";
  case policy::Change::Direction::neutral: return "other";
  }
  return "";
}

void print_changes(const std::vector<policy::Change>& changes, bool as_data) {
  if (as_data) {
    nlohmann::json list = nlohmann::json::array();
    for (const auto& [direction, field, text] : changes) {
      list.push_back({{"direction", word_of(direction)}, {"field", field}, {"text", text}});
    }
    fmt::print("{}\n", list.dump(2, ' ', true, nlohmann::json::error_handler_t::replace));
    return;
  }
  for (const auto& [direction, field, text] : changes) {
    fmt::print("{:<8} {}: {}\n", word_of(direction), field, support::escape_untrusted(text, 500));
  }
}

struct DiffOptions {
  BoxOptions box;
  std::optional<std::string> against; ///< a file with the output of `policy show --json`
  bool as_data = false;
};

/// Returns the policy as written by `policy show --json` and read back, so that both sides hide the same values.
PolicyFields as_shown(const PolicyFields& fields) {
  return policy::fields_from_json(policy::to_json(built(without_values(fields))), "the policy here");
}

/// Prints the differences from the policy in a file, and returns whether the box here is broader. Path and name of the
/// box are ignored: they differ between checkouts.
bool diff_against(const config::Loaded& loaded, const std::string& file, bool as_data) {
  constexpr std::size_t k_max = 16U << 20U;
  PolicyFields before = policy::fields_from_json(support::read_file(file, k_max), support::escape_untrusted(file));
  PolicyFields after = as_shown(loaded.fields);
  before.workspace.source = after.workspace.source;
  before.name = after.name;
  const std::vector<policy::Change> changes = policy::diff(before, after);
  print_changes(changes, as_data);
  return std::any_of(changes.begin(), changes.end(), [](const policy::Change& change) {
    return change.direction == policy::Change::Direction::broader;
  });
}

int diff(const config::Loaded& loaded, const DiffOptions& options) {
  if (options.against) {
    return diff_against(loaded, *options.against, options.as_data) ? 1 : 0;
  }
  print_changes(policy::diff(default_box(loaded.fields), loaded.fields), options.as_data);
  if (!loaded.project_broadens.empty() && !options.as_data) {
    fmt::print("the project's configuration broadens:\n{}", agreement_text(loaded));
  }
  return 0;
}

const CommandSpec add(const CommandSpec& policy, const char* name, const char* description, BoxOptions& options) {
  const CommandSpec command = policy.command(name, description);
  add_box_options(command, options);
  return command;
}

void add_diff(const CommandSpec& policy, Context& context) {
  auto options = std::make_shared<DiffOptions>();
  const CommandSpec command = add(
      policy, "diff", "Compare the box of this directory with the default box, or with a saved policy", options->box);
  command.option("--against", options->against, "FILE",
                 "Compare with FILE, written by policy show --json; exit with status 1 if this box is broader");
  command.flag("--json", options->as_data, "Print JSON");
  command.action([options, &context] { context.exit_code = diff(load_box(options->box, context), *options); });
}

} // namespace

void add_policy(const CommandSpec& app, Context& context) {
  const CommandSpec policy =
      app.group("policy", "Show, check, compare and trust the policy for boxes in this directory");
  auto options = std::make_shared<BoxOptions>();
  auto as_data = std::make_shared<bool>(false);
  const CommandSpec show_command = add(policy, "show", "Show the policy without starting a box", *options);
  show_command.flag("--json", *as_data, "Print the whole policy as JSON");
  show_command.action([options, as_data, &context] {
    options->overrides.has_session = !*as_data;
    options->overrides.conversations = !*as_data; // which would differ on each machine
    const Box box = open_box(*options, context, MayAsk::no);
    const policy::Policy shown = built(without_values(box.policy.fields()));
    if (*as_data) {
      fmt::print("{}", policy::to_json(shown));
    } else {
      show(shown.fields(), box.sets);
      if (box.preferences.git_host_settings) {
        show_git_settings(shown.fields().workspace.source);
      }
    }
  });
  add(policy, "check",
      "Check the configuration; exit status 2: errors, 126: the project's configuration is not trusted", *options)
      .action([options, &context] { resolve_box(*options, context); });
  add_policy_suggest(policy, context);
  const CommandSpec sets =
      policy.command("sets", "List the sets of hosts that --allow and allow_hosts accept by name, such as @npm");
  auto sets_as_data = std::make_shared<bool>(false);
  sets.flag("--json", *sets_as_data, "Print JSON");
  sets.action([sets_as_data] { list_sets(*sets_as_data); });
  add_diff(policy, context);
  add(policy, "trust", "Review and trust the project's current configuration", *options).action([options, &context] {
    trust_project(load_box(*options, context));
  });
}

} // namespace agentbox::cli
