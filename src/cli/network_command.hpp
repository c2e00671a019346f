// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>

#include "cli/command_spec.hpp"
#include "cli/subcommands.hpp"
#include "network/history.hpp"

namespace agentbox::cli {

/// Which part of the recorded history is meant.
struct HistoryOptions {
  std::optional<std::string> box;
  std::optional<std::string> since;
};

/// Adds --box and --since.
void add_history_options(const CommandSpec& command, HistoryOptions& options);

/// Returns the history that the options select. Throws support::Error(usage) for a box without a log or an invalid
/// time.
network::History history(const HistoryOptions& options);

/// `network backtest` and `policy suggest`, which are about the box of the current folder unless one is named.
void add_network_backtest(const CommandSpec& network, Context& context);
void add_policy_suggest(const CommandSpec& policy, Context& context);

} // namespace agentbox::cli
