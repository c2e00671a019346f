// SPDX-License-Identifier: Apache-2.0
// review: what the last box in this directory left that the host may run or trust.
#include <fmt/format.h>
#include <memory>
#include <spdlog/spdlog.h>

#include "cli/subcommands.hpp"
#include "config/workspace.hpp"
#include "executes/rules.hpp"
#include "review/review_report.hpp"
#include "support/file.hpp"
#include "support/text.hpp"

namespace agentbox::cli {
namespace {

struct ReviewOptions {
  bool as_data = false;
  bool list = false;
};

void review(const ReviewOptions& options) {
  if (options.list) {
    fmt::print("{}", executes::list_text());
    return;
  }
  const std::filesystem::path workspace = config::choose_workspace(".", support::home_directory()).path;
  const auto report = review::last(review::review_directory(), workspace);
  if (options.as_data) {
    fmt::print("{}", report ? review::to_json(*report) : "null\n");
    return;
  }
  if (!report) {
    spdlog::info("no box has run in this directory");
    return;
  }
  fmt::print("{}", review::text_of(*report));
  if (report->findings.empty() && report->stopped.empty()) {
    spdlog::info("box \"{}\": nothing to report in {} files (looked for {} known names: agentbox review --list; the "
                 "list is not complete)",
                 support::escape_untrusted(report->box), report->looked_at, executes::count_kinds());
  }
}

} // namespace

void add_review(const CommandSpec& app, Context& /*context*/) {
  const CommandSpec command =
      app.command("review", "Show files that the last box changed and the host may execute or trust");
  auto options = std::make_shared<ReviewOptions>();
  command.flag("--json", options->as_data, "Print JSON");
  command.flag("--list", options->list,
               "Print the names that agentbox protects and reports, and which programs read them");
  command.action([options] { review(*options); });
}

} // namespace agentbox::cli
