// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/agreement.hpp"
#include "cli/command_spec.hpp"
#include "cli/subcommands.hpp"
#include "config/load.hpp"
#include "config/overrides.hpp"
#include "config/workspace.hpp"
#include "policy/policy.hpp"

namespace agentbox::cli {

/// The options of commands that run, show or generate a box.
struct BoxOptions {
  config::Overrides overrides; ///< all but env and run, which are added when the box is loaded
  std::vector<std::string> env;
  std::vector<std::string> env_files;
  std::optional<std::string> prompt; ///< also the text of --prompt-file, after the command line is parsed
  std::optional<std::string> prompt_file;
  bool any_workspace = false; ///< accept a directory that is not a project: skips require_project()
  bool trust_project = false;
  bool keep_name = false; ///< not an option: use the default name even if a box of that name runs
};

/// Adds AGENT, --base … --ca-bundle, --any-workspace and --trust-project to `command`. `options` must outlive it.
void add_box_options(const CommandSpec& command, BoxOptions& options);

/// Loads the configuration for the current directory; does not check that the user trusts what a project broadens.
/// Throws support::Error: usage with all mistakes, not_found for an unknown agent, refused for an invalid workspace.
config::Loaded load_box(const BoxOptions& options, const Context& context);

/// Like load_box(), and builds the policy. Also throws Error(refused) if the project's configuration broadens the box
/// and the user does not trust it.
policy::Policy resolve_box(const BoxOptions& options, const Context& context);

/// A box that may be started: its policy and its checked workspace.
struct Box {
  policy::Policy policy;
  config::WorkspaceChoice workspace;
  config::Preferences preferences;
  std::vector<std::string> notices;  ///< about what was requested but left out
  std::vector<config::HostSet> sets; ///< the sets of hosts that its configuration and the command line name
};

/// Like resolve_box(), with the identity of the workspace for mounting it. If allowed, asks whether to trust the
/// project's configuration.
Box open_box(const BoxOptions& options, const Context& context, MayAsk may_ask);

/// Returns the variables of --env and --env-file; those without a value come from `caller`. Throws Error(usage),
/// whose message names the flag, or the file and line.
std::map<std::string, std::string> read_env(const std::vector<std::string>& env, const std::vector<std::string>& files,
                                            const std::map<std::string, std::string>& caller);

/// Returns `name`, or the first of NAME-2, NAME-3, … that is not `taken`.
std::string free_name(const std::string& name, const std::vector<std::string>& taken);

} // namespace agentbox::cli
