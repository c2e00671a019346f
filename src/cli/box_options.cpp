// SPDX-License-Identifier: Apache-2.0
#include "cli/box_options.hpp"

#include <algorithm>
#include <unistd.h>

#include "boxes/registry.hpp"
#include "config/sources.hpp"
#include "podman/podman_environment.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/text.hpp"

namespace agentbox::cli {
namespace {

using support::Error;
using support::ExitCode;

/// Sets `options.prompt` to the text of --prompt-file or of standard input. Call this only once, before the start,
/// which may be tried again. Throws Error(usage).
void read_prompt(BoxOptions& options) {
  constexpr std::size_t k_max_prompt = 128U << 10U; // of one argument: MAX_ARG_STRLEN
  if (options.prompt && options.prompt_file) {
    throw Error(ExitCode::usage, "--prompt and --prompt-file cannot be combined", "omit one of them");
  }
  if (options.prompt == "-" && isatty(STDIN_FILENO) == 1) {
    throw Error(ExitCode::usage, "--prompt - reads standard input, which is your terminal",
                "agentbox codex --prompt - <FILE");
  }
  try {
    if (options.prompt_file) {
      options.prompt = support::read_file(*options.prompt_file, k_max_prompt);
    } else if (options.prompt == "-") {
      options.prompt = support::read_all(STDIN_FILENO, "the prompt on standard input", k_max_prompt);
    }
  } catch (const Error& error) {
    throw Error(ExitCode::usage, error.what(), "a prompt is the text of a readable file or pipe, at most 128 KiB");
  }
}

policy::Run run_of(const BoxOptions& options, const Context& context) {
  policy::Run run;
  const bool for_agent = (options.overrides.agent || options.prompt) && context.command && !context.command->empty() &&
                         context.command->front().starts_with('-');
  if (for_agent) { // no program is named like an option
    run.arguments = *context.command;
  } else if (options.prompt && context.command) {
    throw Error(ExitCode::usage, "--prompt and a command after -- cannot be combined",
                "omit one of them; arguments for the agent begin with '-'");
  }
  if (options.prompt) {
    run.kind = policy::Run::Kind::prompt;
    run.prompt = *options.prompt;
  } else if (context.command && !for_agent) {
    for (const auto& [given, flag] : {std::pair(options.overrides.continue_last, "--continue"),
                                      {options.overrides.resume.has_value(), "--resume"},
                                      {options.overrides.model.has_value(), "--model"}}) {
      if (given) {
        throw Error(ExitCode::usage, std::string(flag) + " is an option for an agent, but there is a command after --",
                    "omit one of them");
      }
    }
    if (context.command->empty()) {
      throw Error(ExitCode::usage, "there is no command after --", "agentbox run -- COMMAND...");
    }
    run.kind = policy::Run::Kind::command;
    run.command = *context.command;
  }
  return run;
}

/// Returns one error for all mistakes in the configuration.
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

/// Returns the names of all boxes, dead ones included.
std::vector<std::string> taken_names() {
  std::vector<std::string> names;
  for (const boxes::FoundSession& box : boxes::find_sessions()) {
    names.push_back(box.name);
  }
  return names;
}

} // namespace

void add_box_options(const CommandSpec& command, BoxOptions& options) {
  config::Overrides& to = options.overrides;
  command.before_action([&options] { read_prompt(options); });
  command.positional("AGENT", to.agent,
                     "Agent to run: claude, codex, copilot, gemini, opencode, qwen, or a configured one (default: the "
                     "configured agent, else the last used, else codex)");
  command.option("--base", to.base, "IMAGE",
                 "Base image, or dir:PATH or tar:PATH of a root filesystem (default: Debian 12 slim)");
  command.list("--toolkit", to.toolkits, "NAME",
               "Install a toolkit: c_cpp, python, java, web or datascience; repeatable");
  command.option("--prompt", options.prompt, "TEXT",
                 "Run the agent non-interactively with prompt TEXT; -: read it from standard input");
  command.option("--prompt-file", options.prompt_file, "FILE", "Like --prompt, with the text in FILE");
  command.option("--model", to.model, "NAME", "Model that the agent should use");
  command.list("--mount", to.mounts, "SRC:DST[:OPTIONS]",
               "Mount a host path into the box (options: ro, label); repeatable");
  command.list("--auth", to.auth, "AGENT",
               "Give the box your login for AGENT, from agentbox login or else from the host; repeatable");
  command.list("--env", options.env, "NAME[=VALUE]",
               "Set an environment variable; without =VALUE, copy it from your environment; repeatable");
  command.list("--env-file", options.env_files, "FILE",
               "Read environment variables from FILE, one NAME[=VALUE] per line; repeatable");
  command.list(
      "--allow", to.allow, "HOST[:PORT]",
      "Allow connections to HOST[:PORT] (default port: 443), *.HOST (every name below HOST), ADDRESS:PORT, host:PORT "
      "(literally \"host\": a port on this machine's loopback) or a set of hosts such as @npm (agentbox policy sets); "
      "repeatable");
  command.flag("--full-network", to.full_network,
               "Run without the firewall: the box can reach every host and the local network");
  command.option("--firewall-driver", to.driver, "NAME",
                 "Load the firewall rules with nftables or iptables (default: nftables)");
  command.list("-p,--publish", to.publish, "[ADDRESS:]HOST_PORT:BOX_PORT",
               "Publish port BOX_PORT of the box on HOST_PORT of the host (default address: 127.0.0.1); repeatable");
  command.option("--memory", to.memory, "SIZE", "Limit memory, e.g. 4G (default: no limit)");
  command.option("--cpus", to.cpus, "N", "Limit CPU time, in CPUs, e.g. 1.5 (default: no limit)");
  command.option("--pids", to.pids, "N", "Limit the number of processes (default: 512)");
  command.option("--name", to.name, "NAME", "Name of the box (default: from the directory's name)");
  command.option("--ca-bundle", to.ca_bundle, "FILE",
                 "Trust the CA certificates in FILE, in the box and while building (default: $SSL_CERT_FILE)");
  command.flag("--any-workspace", options.any_workspace,
               "Accept a directory that does not look like a project, e.g. ~/.config/NAME");
  command.flag("--trust-project", options.trust_project, "Trust the project's configuration, for this run only");
}

namespace {

config::Loaded load_from(const config::WorkspaceChoice& workspace, const BoxOptions& options, const Context& context) {
  if (!options.any_workspace) {
    config::require_project(workspace.path, support::home_directory());
  }
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
  return load_from(config::choose_workspace(".", support::home_directory()), options, context);
}

policy::Policy resolve_box(const BoxOptions& options, const Context& context) {
  return open_box(options, context, MayAsk::no).policy;
}

Box open_box(const BoxOptions& options, const Context& context, MayAsk may_ask) {
  config::WorkspaceChoice workspace = config::choose_workspace(".", support::home_directory());
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
  return {std::get<policy::Policy>(std::move(policy)), std::move(workspace), loaded.preferences,
          std::move(loaded.notices), std::move(loaded.sets)};
}

std::string free_name(const std::string& name, const std::vector<std::string>& taken) {
  std::string candidate = name;
  for (int number = 2; std::find(taken.begin(), taken.end(), candidate) != taken.end(); ++number) {
    candidate = name + "-" + std::to_string(number);
  }
  return candidate;
}

} // namespace agentbox::cli
