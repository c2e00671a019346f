// SPDX-License-Identifier: Apache-2.0
// network log, denied and follow: what the firewalls decided, then and now.
#include "cli/network_command.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <fmt/format.h>
#include <iterator>
#include <memory>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "boxes/registry.hpp"
#include "boxes/session_paths.hpp"
#include "network/decision_table.hpp"
#include "network/duration.hpp"
#include "network/notice.hpp"
#include "network/tail.hpp"
#include "review/review_report.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/terminal.hpp"
#include "support/text.hpp"

namespace agentbox::cli {
namespace {

using firewall::audit::AuditRecord;
using support::Error;
using support::ExitCode;

network::TableStyle style_of_stdout() {
  winsize size{};
  const bool known = support::own_terminal().out && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
  return {support::wants_colour(), known ? size.ws_col : std::size_t{0}};
}

void print_if_empty(bool empty) {
  if (empty) {
    spdlog::info("no decisions recorded yet{}",
                 support::own_terminal().out ? "; agentbox network follow shows new ones" : "");
  }
}

void print_if_partial(const network::History& history) {
  if (!history.lines_begin.empty()) {
    spdlog::info("the log starts at {}; earlier activity of these hosts is not shown. Totals without --since are "
                 "complete",
                 support::escape_untrusted(history.lines_begin, 40));
  }
}

void log(const HistoryOptions& options, bool as_data, bool only_totals) {
  network::History history = cli::history(options);
  // First the sums of records that a flood displaced, then the remaining records line by line.
  std::vector<AuditRecord> records = std::move(history.displaced);
  records.insert(records.end(), std::make_move_iterator(history.lines.begin()),
                 std::make_move_iterator(history.lines.end()));
  const auto totals = network::totals(history.sums);
  print_if_partial(history);
  if (as_data) {
    for (const network::Total& total : totals) {
      fmt::print("{}", only_totals ? network::to_json_line(total) : "");
    }
    for (const AuditRecord& record : records) {
      fmt::print("{}", only_totals ? "" : firewall::audit::to_json_line(record));
    }
    return;
  }
  const network::TableStyle style = style_of_stdout();
  std::erase_if(records, [](const AuditRecord& record) { return !network::is_news(record); });
  print_if_empty(records.empty());
  if (!records.empty() && !only_totals) {
    fmt::print("{}\n", network::log_table(records, style));
  }
  if (!totals.empty()) {
    fmt::print("{}", network::totals_table(totals, style));
  }
}

void denied(const HistoryOptions& options, bool as_data) {
  const network::History history = cli::history(options);
  const auto list = network::denied(history.sums);
  print_if_partial(history);
  if (as_data) {
    for (const network::Denied& one : list) {
      fmt::print("{}", network::to_json_line(one));
    }
    return;
  }
  if (list.empty()) {
    spdlog::info("nothing was denied");
    return;
  }
  fmt::print("{}", network::denied_table(list, style_of_stdout()));
  spdlog::info("to allow them permanently: agentbox policy suggest");
}

void print_followed(const std::vector<AuditRecord>& records, bool as_data, const network::TableStyle& style) {
  for (const AuditRecord& record : records) {
    if (as_data) {
      fmt::print("{}", firewall::audit::to_json_line(record));
    } else if (network::is_news(record) || record.kind == firewall::audit::Kind::firewall) {
      fmt::print("{}", network::follow_line(record, style));
    }
  }
  std::fflush(stdout);
}

/// Follows the records until Ctrl-C, or until the reader closes stdout.
void follow(const HistoryOptions& options, bool as_data) {
  support::make_private_directory(boxes::audit_directory());
  const network::TableStyle style = style_of_stdout();
  network::Tail tail(boxes::audit_directory(), options.box);
  if (options.since) {
    print_followed(history(options).lines, as_data, style);
  }
  if (!as_data && support::own_terminal().err) {
    spdlog::info("following {}; press Ctrl-C to stop", options.box ? "box \"" + *options.box + "\"" : "every box");
  }
  while (std::ferror(stdout) == 0) {
    if (!tail.more()) {
      std::array<pollfd, 2> watched{{{tail.fd(), POLLIN, 0}, {STDOUT_FILENO, 0, 0}}};
      constexpr int k_pace_ms = 300;
      if (poll(watched.data(), watched.size(), tail.fd() < 0 ? k_pace_ms : -1) < 0 && errno != EINTR) {
        throw support::system_error(ExitCode::failed, "cannot wait for the audit log", errno);
      }
      if ((watched[1].revents & (POLLERR | POLLHUP)) != 0) {
        return;
      }
    }
    print_followed(tail.read_new(), as_data, style);
  }
}

} // namespace

void add_history_options(const CommandSpec& command, HistoryOptions& options, const char* since) {
  command.option("--box", options.box, "NAME", "Use only the records of box NAME");
  command.option("--since", options.since, "TIME",
                 std::string(since) + " TIME: an age (30m, 1h, 2d) or a UTC time (2026-01-31T12:00)");
}

network::History history(const HistoryOptions& options) {
  network::Filter filter{options.box, {}};
  if (options.since) {
    filter.since = network::parse_since(*options.since, std::chrono::system_clock::now());
    if (!filter.since) {
      throw Error(ExitCode::usage, "--since: " + support::in_quotes(*options.since) + " is not a valid time",
                  "write how long ago (30m, 1h, 2d), or a time in UTC (2026-01-31T12:00)");
    }
  }
  if (options.box) {
    const auto boxes = network::boxes_with_history(boxes::audit_directory());
    if (std::find(boxes.begin(), boxes.end(), *options.box) == boxes.end()) {
      throw Error(ExitCode::usage,
                  "there is no log of a box named " + support::in_quotes(*options.box) +
                      support::did_you_mean(*options.box, boxes),
                  "the logs are in " + boxes::audit_directory().string());
    }
  }
  return network::read_history(boxes::audit_directory(), filter);
}

std::vector<std::string> boxes_here(const std::filesystem::path& workspace) {
  std::vector<std::string> names;
  for (const boxes::FoundSession& box : boxes::find_sessions()) {
    if (box.alive && box.record && box.record->workspace == workspace.string()) {
      names.push_back(box.name);
    }
  }
  const auto last = names.empty() ? review::last(review::review_directory(), workspace) : std::nullopt;
  if (last) {
    names.push_back(last->box);
  }
  return names;
}

void add_network(const CommandSpec& app, Context& context) {
  const CommandSpec command = app.group("network", "Show firewall decisions (all boxes, or one with --box)");
  auto options = std::make_shared<HistoryOptions>();
  auto as_data = std::make_shared<bool>(false);
  auto only_totals = std::make_shared<bool>(false);
  const CommandSpec log_command = command.command("log", "Show allowed and denied connections, and totals per host");
  add_history_options(log_command, *options);
  log_command.flag("--totals", *only_totals, "Show only the totals per host");
  log_command.flag("--json", *as_data, "Print one JSON object per line");
  log_command.action([=] { log(*options, *as_data, *only_totals); });
  const CommandSpec denied_command =
      command.command("denied", "Show denied connections and the commands that would allow them");
  add_history_options(denied_command, *options);
  denied_command.flag("--json", *as_data, "Print one JSON object per line");
  denied_command.action([=] { denied(*options, *as_data); });
  const CommandSpec follow_command = command.command("follow", "Show decisions as they are made, until Ctrl-C");
  add_history_options(follow_command, *options, "First print the records since");
  follow_command.flag("--json", *as_data, "Print one JSON object per line");
  follow_command.action([=] { follow(*options, *as_data); });
  add_network_backtest(command, context);
}

} // namespace agentbox::cli
