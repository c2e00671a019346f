// SPDX-License-Identifier: Apache-2.0
// home: the homes of boxes that are kept for their projects.
#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include "cli/subcommands.hpp"
#include "config/workspace.hpp"
#include "homes/kept_home.hpp"
#include "network/totals.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/local_time.hpp"
#include "support/table.hpp"
#include "support/text.hpp"

namespace agentbox::cli {
namespace {

using homes::KeptHome;

struct ClearOptions {
  std::string project = ".";
  bool all = false;
};

void list_homes(bool as_data) {
  const std::vector<KeptHome> found = homes::find_homes();
  if (as_data) {
    nlohmann::json list = nlohmann::json::array();
    for (const KeptHome& one : found) {
      list.push_back({{"workspace", one.workspace.string()},
                      {"home", one.home().string()},
                      {"bytes", one.bytes},
                      {"used", one.used},
                      {"in_use", one.in_use}});
    }
    fmt::print("{}\n", list.dump(2, ' ', true, nlohmann::json::error_handler_t::replace));
    return;
  }
  std::vector<std::vector<std::string>> rows;
  for (const KeptHome& one : found) {
    rows.push_back({support::escape_untrusted(one.workspace.string(), 1000), network::size_text(one.bytes),
                    one.in_use ? "now" : support::local_time(one.used, "%Y-%m-%d %H:%M"), one.home().string()});
  }
  if (rows.empty()) {
    spdlog::info("there are no kept homes; to keep one: agentbox run --home keep");
  } else {
    fmt::print("{}", support::table({{"PROJECT"}, {"SIZE", true}, {"LAST USED"}, {"HOME"}}, rows));
  }
}

void clear_homes(const ClearOptions& options) {
  std::vector<KeptHome> chosen = homes::find_homes();
  if (!options.all) {
    const auto workspace = config::choose_workspace(options.project, support::home_directory()).path;
    std::erase_if(chosen, [&](const KeptHome& one) { return one.home() != homes::home_of(workspace); });
    if (chosen.empty()) {
      spdlog::info("there is no kept home for {}", support::in_quotes(workspace.string(), 1000));
    }
  }
  for (const KeptHome& one : chosen) {
    homes::clear(one);
    spdlog::info("removed the home of {} ({})", support::in_quotes(one.workspace.string(), 1000),
                 network::size_text(one.bytes));
  }
}

} // namespace

void add_home(const CommandSpec& app, Context& /*context*/) {
  const CommandSpec home = app.group("home", "List or clear the homes that are kept for projects (run --home keep)");
  const CommandSpec list = home.command("list", "List the kept homes of all projects, with their sizes");
  auto as_data = std::make_shared<bool>(false);
  list.flag("--json", *as_data, "Print JSON");
  list.action([as_data] { list_homes(*as_data); });
  const CommandSpec clear =
      home.command("clear", "Remove the kept home of this directory; the next box starts with the image's home");
  auto options = std::make_shared<ClearOptions>();
  clear.option("--project", options->project, "DIR", "Directory of the project (default: the current one)");
  clear.flag("--all", options->all, "Remove the homes of all projects");
  clear.action([options] { clear_homes(*options); });
}

} // namespace agentbox::cli
