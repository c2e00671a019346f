// SPDX-License-Identifier: Apache-2.0
// network backtest and policy suggest: what was recorded, against another list of hosts.
#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <memory>
#include <spdlog/spdlog.h>

#include "boxes/session_paths.hpp"
#include "cli/box_options.hpp"
#include "cli/network_command.hpp"
#include "config/load.hpp"
#include "config/workspace.hpp"
#include "network/backtest.hpp"
#include "network/suggest.hpp"
#include "support/file.hpp"
#include "support/table.hpp"
#include "support/terminal.hpp"
#include "support/text.hpp"

namespace agentbox::cli {
namespace {

using network::BacktestResult;

struct BacktestOptions {
  HistoryOptions history;
  std::string file;
  std::optional<std::string> as;
  std::size_t last = 0;
  bool json = false;
};

/// Returns the history of --box; without it, of the boxes of this directory that are known or have its default name,
/// which is NAME-2 for a second one.
network::History history_here(const HistoryOptions& options, const std::filesystem::path& workspace) {
  if (options.box) {
    return history(options);
  }
  const std::string name = config::default_box_name(workspace);
  const std::vector<std::string> known = boxes_here(workspace);
  network::History found = history(options);
  const auto is_elsewhere = [&](const auto& record) {
    const bool numbered = record.box.starts_with(name + "-") && record.box.size() > name.size() + 1 &&
                          record.box.find_first_not_of("0123456789", name.size() + 1) == std::string::npos;
    return record.box != name && !numbered && std::find(known.begin(), known.end(), record.box) == known.end();
  };
  std::erase_if(found.lines, is_elsewhere);
  std::erase_if(found.sums, is_elsewhere);
  if (found.sums.empty()) {
    spdlog::info("no records of this directory's boxes; select another with --box NAME");
  }
  return found;
}

void print(const std::vector<BacktestResult>& tested) {
  std::vector<std::vector<std::string>> rows;
  for (const BacktestResult& one : tested) {
    rows.push_back({std::string(network::outcome_text(one.outcome)), std::to_string(one.count) + " x",
                    support::escape_untrusted(one.host, 255) + (one.port == 0 ? "" : ":" + std::to_string(one.port)),
                    support::escape_untrusted(one.why, 300)});
  }
  fmt::print("{}", support::table({{}, {"", true}, {}, {}}, rows));
}

int backtest(const BacktestOptions& options) {
  const auto workspace = config::choose_workspace(".", support::home_directory());
  const auto kind = options.as == "user" ? config::LayerKind::user : config::LayerKind::project;
  const policy::EgressIndex index(config::egress_with(config::standard_sources(workspace.path), options.file, kind));
  const network::History history = history_here(options.history, workspace.path);
  const auto tested = network::backtest(options.last == 0 ? history.sums : history.lines, index, options.last);
  const auto count = [&](BacktestResult::Outcome outcome) {
    return std::count_if(tested.begin(), tested.end(),
                         [&](const BacktestResult& one) { return one.outcome == outcome; });
  };
  if (options.json) {
    for (const BacktestResult& one : tested) {
      fmt::print("{}", network::to_json_line(one));
    }
  } else {
    print(tested);
    const auto not_known = count(BacktestResult::Outcome::not_known);
    spdlog::info("{} would now be denied, {} would now be allowed, {} unchanged{}",
                 count(BacktestResult::Outcome::breaks), count(BacktestResult::Outcome::passes_now),
                 count(BacktestResult::Outcome::still_passes) + count(BacktestResult::Outcome::still_denied),
                 not_known == 0 ? "" : "; the rest cannot be determined");
  }
  return count(BacktestResult::Outcome::breaks) > 0 ? 1 : 0;
}

void suggest(const HistoryOptions& options, const Context& context) {
  const config::Loaded loaded = load_box({}, context);
  const network::History history = history_here(options, loaded.fields.workspace.source);
  const network::Suggestion suggestion = network::suggest(history.sums, policy::EgressIndex(loaded.fields.egress));
  if (suggestion.add.empty()) {
    spdlog::info("no suggestions: nothing was denied that a list entry would allow");
  } else if (support::own_terminal().out) {
    spdlog::info("the agent chose these names; add only hosts you recognize, to .agentbox/config.toml for this project "
                 "or to {} for every box",
                 (support::config_directory() / "config.toml").string());
  }
  fmt::print("{}", network::to_toml(suggestion));
}

} // namespace

void add_network_backtest(const CommandSpec& network, Context& context) {
  const CommandSpec command =
      network.command("backtest", "Replay recorded connections against another configuration, and show which would be "
                                  "decided differently");
  auto options = std::make_shared<BacktestOptions>();
  command.required("FILE", options->file, "Configuration file to test");
  command.choice("--as", options->as, {"project", "user"},
                 "Treat FILE as the project's or the user's configuration (default: project)");
  command.option("--last", options->last, "N", "Replay only the last N decisions");
  add_history_options(command, options->history);
  command.flag("--json", options->json, "Print one JSON object per line");
  command.action([options, &context] { context.exit_code = backtest(*options); });
}

void add_policy_suggest(const CommandSpec& policy, Context& context) {
  const CommandSpec command =
      policy.command("suggest", "Print the smallest configuration change that allows the denied hosts");
  auto options = std::make_shared<HistoryOptions>();
  add_history_options(command, *options);
  command.action([options, &context] { suggest(*options, context); });
}

} // namespace agentbox::cli
