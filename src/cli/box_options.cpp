// SPDX-License-Identifier: Apache-2.0
#include "cli/box_options.hpp"

#include <algorithm>
#include <memory>
#include <spdlog/spdlog.h>

#include "boxes/registry.hpp"
#include "config/sources.hpp"
#include "config/workspace.hpp"
#include "podman/podman_environment.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/text.hpp"

namespace agentbox::cli {
namespace {

using support::Error;
using support::ExitCode;

policy::Run run_of(const BoxOptions& options, const Context& context) {
  policy::Run run;
  if (options.prompt && context.command) {
    throw Error(ExitCode::usage, "--prompt and a command after -- exclude each other", "leave one of them out");
  }
  if (options.prompt) {
    run.kind = policy::Run::Kind::prompt;
    run.prompt = *options.prompt;
  } else if (context.command) {
    if (context.command->empty()) {
      throw Error(ExitCode::usage, "no command follows the --", "agentbox run -- COMMAND...");
    }
    run.kind = policy::Run::Kind::command;
    run.command = *context.command;
  }
  return run;
}

/// The error for mistakes in the configuration: one message with all of them.
Error error_of(const policy::Diagnostics& diagnostics, const BoxOptions& options, const Context& context) {
  const auto of_agent = [](const policy::Diagnostic& one) { return one.where == "the command line"; };
  const bool unknown_agent = options.overrides.agent && std::any_of(diagnostics.begin(), diagnostics.end(), of_agent);
  const ExitCode code = unknown_agent ? ExitCode::not_found : ExitCode::usage;
  if (diagnostics.size() > 1) {
    return {code, config::describe(diagnostics)};
  }
  const auto& [where, message, hint] = diagnostics.front();
  const auto subcommand =
      unknown_agent ? support::nearest(*options.overrides.agent, context.subcommands) : std::nullopt;
  return {code, where + ": " + message,
          subcommand ? "did you mean: agentbox " + *subcommand + "? Otherwise: " + hint : hint};
}

/// The names of boxes, dead ones included. Looked up only for a name that nobody chose.
std::vector<std::string> taken_names() {
  std::vector<std::string> names;
  for (const boxes::Found& box : boxes::find_sessions()) {
    names.push_back(box.name);
  }
  return names;
}

} // namespace

void add_box_options(CLI::App& command, BoxOptions& options) {
  config::Overrides& to = options.overrides;
  command.add_option("AGENT", to.agent,
                     "Agent to run: codex, claude, or a configured one (default: as configured, else the last used)");
  command
      .add_option("--base", to.base,
                  "Base image, or dir:PATH or tar:PATH of a root filesystem (default: Debian 12 slim)")
      ->type_name("IMAGE");
  // One value an occurrence: a list would swallow the AGENT that follows.
  const auto add_list = [&](const char* name, std::vector<std::string>& values, const char* text, const char* type) {
    // A list that is parsed at each occurrence would hold the last one only, so each adds its value itself.
    command
        .add_option_function<std::string>(
            name, [&values](const std::string& value) { values.push_back(value); }, text)
        ->type_name(type)
        ->trigger_on_parse();
  };
  add_list("--toolkit", to.toolkits, "Install a toolkit: c_cpp, python, java, web or datascience; repeatable", "NAME");
  command.add_option("--prompt", options.prompt, "Run the agent non-interactively with prompt TEXT")->type_name("TEXT");
  add_list("--mount", to.mounts, "Mount a host path into the box; repeatable", "SRC:DST[:ro]");
  add_list("--auth", to.auth, "Mount the host's credentials of AGENT into the box; repeatable", "AGENT");
  add_list("--env", options.env, "Set an environment variable, or pass the caller's; repeatable", "NAME[=VALUE]");
  add_list("--env-file", options.env_files,
           "Read environment variables from FILE, one NAME[=VALUE] per line; repeatable", "FILE");
  add_list("--allow", to.allow, "Allow the box to connect to a host (default port: 443); repeatable", "HOST[:PORT]");
  command.add_flag("--full-network", to.full_network,
                   "Run without the firewall: the box can reach every host and the local network");
  command
      .add_option("--firewall-driver", to.driver,
                  "Load the firewall rules with nftables or iptables (default: nftables)")
      ->type_name("NAME");
  add_list("-p,--publish", to.publish, "Publish a port of the box on the host (default address: 127.0.0.1); repeatable",
           "[ADDRESS:]HOST:BOX");
  command.add_option("--memory", to.memory, "Limit memory, e.g. 4G (default: no limit)")->type_name("SIZE");
  command.add_option("--cpus", to.cpus, "Limit CPU time, in CPUs, e.g. 1.5 (default: no limit)")->type_name("N");
  command.add_option("--pids", to.pids, "Limit the number of processes (default: 512)")->type_name("N");
  command.add_option("--name", to.name, "Name of the box (default: from the directory's name)")->type_name("NAME");
  command
      .add_option("--ca-bundle", to.ca_bundle,
                  "Trust the CA certificates in FILE, in the box and while building (default: $SSL_CERT_FILE)")
      ->type_name("FILE");
  command.add_flag("--trust-project", options.trust_project, "Trust the project's configuration for this run");
}

namespace {

config::Loaded load_from(const config::WorkspaceChoice& workspace, const BoxOptions& options, const Context& context) {
  config::Overrides overrides = options.overrides;
  overrides.run = run_of(options, context);
  overrides.env = read_env(options.env, options.env_files, podman::caller_environment());
  config::LoadResult result = config::load(config::standard_sources(workspace.path), overrides);
  if (const auto* mistakes = std::get_if<policy::Diagnostics>(&result)) {
    throw error_of(*mistakes, options, context);
  }
  return std::get<config::Loaded>(std::move(result));
}

} // namespace

config::Loaded load_box(const BoxOptions& options, const Context& context) {
  return load_from(config::choose_workspace(".", support::home_folder()), options, context);
}

policy::Policy resolve_box(const BoxOptions& options, const Context& context) {
  return open_box(options, context, MayAsk::no).policy;
}

Box open_box(const BoxOptions& options, const Context& context, MayAsk may_ask) {
  config::WorkspaceChoice workspace = config::choose_workspace(".", support::home_folder());
  config::Loaded loaded = load_from(workspace, options, context);
  if (!options.trust_project) {
    require_agreement(loaded, may_ask);
  }
  if (!options.overrides.name && !options.keep_name) {
    loaded.fields.name = free_name(loaded.fields.name, taken_names());
  }
  policy::PolicyResult policy = policy::build_policy(std::move(loaded.fields));
  if (const auto* mistakes = std::get_if<policy::Diagnostics>(&policy)) {
    throw error_of(*mistakes, options, context);
  }
  return {std::get<policy::Policy>(std::move(policy)), std::move(workspace), loaded.preferences};
}

std::string free_name(const std::string& name, const std::vector<std::string>& taken) {
  std::string candidate = name;
  for (int number = 2; std::find(taken.begin(), taken.end(), candidate) != taken.end(); ++number) {
    candidate = name + "-" + std::to_string(number);
  }
  return candidate;
}

} // namespace agentbox::cli
