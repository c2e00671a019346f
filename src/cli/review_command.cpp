// SPDX-License-Identifier: Apache-2.0
// review: what the last box in this directory left that the host may run or trust.
#include <fmt/format.h>
#include <memory>
#include <spdlog/spdlog.h>

#include "cli/subcommands.hpp"
#include "config/workspace.hpp"
#include "review/review_report.hpp"
#include "support/file.hpp"
#include "support/text.hpp"

namespace agentbox::cli {
namespace {

void review(bool as_data) {
  const std::filesystem::path workspace = config::choose_workspace(".", support::home_folder()).path;
  const auto report = review::last(review::review_folder(), workspace);
  if (as_data) {
    fmt::print("{}", report ? review::to_json(*report) : "null\n");
    return;
  }
  if (!report) {
    spdlog::info("no box has run in this directory");
    return;
  }
  fmt::print("{}", review::text_of(*report));
  if (report->findings.empty()) {
    spdlog::info("the box \"{}\" left nothing that the host would run or trust, of {} files",
                 support::escape_untrusted(report->box), report->looked_at);
  }
}

} // namespace

void add_review(const CommandSpec& app, Context& /*context*/) {
  const CommandSpec command =
      app.command("review", "Show files that the last box changed and the host may execute or trust");
  auto as_data = std::make_shared<bool>(false);
  command.flag("--json", *as_data, "Print JSON");
  command.action([as_data] { review(*as_data); });
}

} // namespace agentbox::cli
