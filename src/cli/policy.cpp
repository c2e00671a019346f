// SPDX-License-Identifier: Apache-2.0
// policy show, check and diff: what the configuration makes of the box, without starting one.
#include <fmt/format.h>
#include <memory>
#include <string_view>

#include "cli/box_options.hpp"
#include "cli/network.hpp"
#include "cli/subcommands.hpp"
#include "config/load.hpp"
#include "policy/policy.hpp"
#include "support/error.hpp"
#include "support/text.hpp"

namespace agentbox::cli {
namespace {

using policy::PolicyFields;

/// Values of the box's variables are not for the eyes of whoever reads along.
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

void line(std::string_view name, const std::string& value) {
  fmt::print("{:<12} {}\n", name, value);
}

void show_network(const policy::EgressPolicy& egress) {
  if (egress.mode == policy::NetworkMode::full) {
    line("network", "everything (--full-network)");
    return;
  }
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
  if (egress.max_upload) {
    line("uploads", fmt::format("at most {} bytes a host and session", *egress.max_upload));
  }
  for (const policy::UploadLimit& limit : egress.upload_limits) {
    line("uploads", fmt::format("at most {} bytes a session to {}", limit.bytes, limit.pattern.text()));
  }
  if (egress.upstream_proxy) {
    line("by way of", "the proxy " + egress.upstream_proxy->text());
  }
}

void show(const PolicyFields& fields) {
  line("box", fields.name);
  line("agent", fields.agent.name);
  line("image",
       fields.image.base + (fields.image.toolkits.empty() ? "" : " + " + support::join(fields.image.toolkits, ", ")));
  line("user", fmt::format("{} ({}:{}), no capabilities, no new privileges", fields.user.name, fields.user.uid,
                           fields.user.gid));
  line("workspace", fmt::format("{} at {}, read and write", support::escape_untrusted(fields.workspace.source.string()),
                                fields.workspace.destination));
  line("", "read-only in it, where they exist: " + support::join(fields.workspace.protect, ", "));
  for (const policy::Mount& mount : fields.mounts) {
    line("mount", fmt::format("{} at {}, {} ({})", support::escape_untrusted(mount.source.string()), mount.destination,
                              mount.read_only ? "read-only" : "read and write", mount.reason));
  }
  for (const auto& [name, value] : fields.env) {
    line("variable", name);
  }
  for (const policy::PublishedPort& port : fields.ports) {
    line("port", fmt::format("{}:{} leads to {}", port.address, port.host_port, port.box_port));
  }
  line("processes", std::to_string(fields.limits.pids));
  line("memory", fields.limits.memory_bytes ? fmt::format("{} bytes", *fields.limits.memory_bytes) : "the host's");
  show_network(fields.egress);
}

void print_changes(const std::vector<policy::Change>& changes) {
  for (const auto& [direction, field, text] : changes) {
    const char* const word = direction == policy::Change::Direction::broader   ? "broader"
                             : direction == policy::Change::Direction::tighter ? "tighter"
                                                                               : "other";
    fmt::print("{:<8} {}: {}\n", word, field, support::escape_untrusted(text, 500));
  }
}

/// The default contract for the same workspace and agent.
PolicyFields default_box(const PolicyFields& fields) {
  PolicyFields before = policy::default_fields();
  before.workspace.source = fields.workspace.source;
  before.name = fields.name;
  before.agent = fields.agent;
  before.run = fields.run;
  return before;
}

void diff(const config::Loaded& loaded) {
  print_changes(policy::diff(default_box(loaded.fields), loaded.fields));
  if (!loaded.project_broadens.empty()) {
    fmt::print("of these, the project's {} broadens:\n", loaded.project_file.string());
    print_changes(loaded.project_broadens);
  }
}

CLI::App* add(CLI::App& policy, const char* name, const char* description, BoxOptions& options) {
  CLI::App* command = policy.add_subcommand(name, description);
  add_box_options(*command, options);
  return command;
}

} // namespace

void add_policy(CLI::App& app, Context& context) {
  CLI::App* policy = app.add_subcommand("policy", "Show what a box here may do");
  policy->require_subcommand(1);
  auto options = std::make_shared<BoxOptions>();
  auto as_data = std::make_shared<bool>(false);
  CLI::App* show_command = add(*policy, "show", "Show the whole policy", *options);
  show_command->add_flag("--json", *as_data, "Print JSON");
  show_command->callback([options, as_data, &context] {
    const policy::Policy shown = built(without_values(resolve_box(*options, context).fields()));
    if (*as_data) {
      fmt::print("{}", policy::to_json(shown));
    } else {
      show(shown.fields());
    }
  });
  add(*policy, "check", "Check the configuration; exit code 2 for mistakes, 126 for what needs your agreement",
      *options)
      ->callback([options, &context] { resolve_box(*options, context); });
  add_policy_suggest(*policy, context);
  add(*policy, "diff", "Show how a box here differs from the default one", *options)->callback([options, &context] {
    diff(load_box(*options, context));
  });
}

} // namespace agentbox::cli
