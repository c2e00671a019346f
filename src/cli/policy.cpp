// SPDX-License-Identifier: Apache-2.0
// policy show, check, diff and trust: what the configuration makes of the box, without starting one.
#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "cli/agreement.hpp"
#include "cli/box_options.hpp"
#include "cli/network.hpp"
#include "cli/subcommands.hpp"
#include "config/load.hpp"
#include "policy/policy.hpp"
#include "policy/policy_from_json.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
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
  line("", "empty in it, where they exist: " +
               (fields.workspace.mask.empty() ? "nothing" : support::join(fields.workspace.mask, ", ")));
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

/// The default contract for the same workspace and agent.
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
    fmt::print("{}\n", list.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
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

/// The policy as `policy show --json` tells it, and reads back: what that hides is hidden on both sides.
PolicyFields as_shown(const PolicyFields& fields) {
  return policy::fields_from_json(policy::to_json(built(without_values(fields))), "the policy here");
}

/// Whether the box here is broader than the one of the file. Where the project lies and what its box is called is no
/// part of what a box may do, and differs from checkout to checkout.
bool diff_against(const config::Loaded& loaded, const std::string& file, bool as_data) {
  constexpr std::size_t k_longest = 16U << 20U;
  PolicyFields before = policy::fields_from_json(support::read_file(file, k_longest), support::escape_untrusted(file));
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
    fmt::print("of these, the project broadens what you allow everywhere:\n{}", agreement_text(loaded));
  }
  return 0;
}

CLI::App* add(CLI::App& policy, const char* name, const char* description, BoxOptions& options) {
  CLI::App* command = policy.add_subcommand(name, description);
  add_box_options(*command, options);
  return command;
}

void add_diff(CLI::App& policy, Context& context) {
  auto options = std::make_shared<DiffOptions>();
  CLI::App* command =
      add(policy, "diff", "Show how a box here differs from the default one, or from a file's", options->box);
  command
      ->add_option("--against", options->against,
                   "Compare with this output of policy show --json; exit code 1 when the box here is broader")
      ->type_name("FILE");
  command->add_flag("--json", options->as_data, "Print JSON");
  command->callback([options, &context] { context.exit_code = diff(load_box(options->box, context), *options); });
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
  add_diff(*policy, context);
  add(*policy, "trust", "Agree to what the project's configuration broadens, as it is now", *options)
      ->callback([options, &context] { trust_project(load_box(*options, context)); });
}

} // namespace agentbox::cli
