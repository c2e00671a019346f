// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/command_spec.hpp"
#include "cli/subcommands.hpp"
#include "network/history.hpp"

namespace agentbox::cli {

/// Selects a part of the recorded history.
struct HistoryOptions {
  std::optional<std::string> box;
  std::optional<std::string> since;
};

/// Adds --box and --since; `since` describes the latter, up to the word TIME.
void add_history_options(const CommandSpec& command, HistoryOptions& options,
                         const char* since = "Use only records since");

/// Returns the history that the options select. Throws support::Error(usage) for a box without a log or an invalid
/// time.
network::History history(const HistoryOptions& options);

/// Returns the names of the boxes that run in `workspace`, or if none does, of the last one that ended there.
std::vector<std::string> boxes_here(const std::filesystem::path& workspace);

/// Adds `network backtest` and `policy suggest`, which use the records of this directory's boxes unless --box selects
/// one.
void add_network_backtest(const CommandSpec& network, Context& context);
void add_policy_suggest(const CommandSpec& policy, Context& context);

} // namespace agentbox::cli
