// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
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

/// The options that say what a box is: those of `run`, and of what shows or generates the same box.
struct BoxOptions {
  config::Overrides overrides; ///< all but env and run, which resolve_box() adds
  std::vector<std::string> env;
  std::vector<std::string> env_files;
  std::optional<std::string> prompt;
  bool trust_project = false;
  bool keep_name = false; ///< not an option: the box keeps its name although another one of that name runs
};

/// Adds AGENT, --base … --ca-bundle and --trust-project to `command`. `options` must outlive it.
void add_box_options(const CommandSpec& command, BoxOptions& options);

/// Reads every layer of the configuration for the current folder, without a judgement on what a project broadens.
/// Throws support::Error: usage with all mistakes at once, not_found for an unknown agent, refused for a workspace that
/// cannot be one.
config::Loaded load_box(const BoxOptions& options, const Context& context);

/// load_box(), then the policy. Throws like it, and Error(refused) for a project whose configuration broadens the box
/// without the user's agreement.
policy::Policy resolve_box(const BoxOptions& options, const Context& context);

/// A box that may be started: its policy, and the folder that was checked to be its workspace.
struct Box {
  policy::Policy policy;
  config::WorkspaceChoice workspace;
  config::Preferences preferences;
};

/// resolve_box() with the workspace's identity, for those who mount it. Where it may, it asks for the agreement.
Box open_box(const BoxOptions& options, const Context& context, MayAsk may_ask);

/// The variables of --env and --env-file; those without a value are looked up in `caller`. Throws Error(usage) naming
/// the flag or file and line.
std::map<std::string, std::string> read_env(const std::vector<std::string>& env, const std::vector<std::string>& files,
                                            const std::map<std::string, std::string>& caller);

/// `name`, or the first of NAME-2, NAME-3, … that is not `taken`.
std::string free_name(const std::string& name, const std::vector<std::string>& taken);

} // namespace agentbox::cli
