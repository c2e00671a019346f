// SPDX-License-Identifier: Apache-2.0
#include "network/decision_table.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <set>

#include "support/table.hpp"
#include "support/text.hpp"

namespace agentbox::network {
namespace {

using firewall::audit::AuditRecord;
using firewall::audit::Kind;
using firewall::audit::Reason;
using firewall::audit::Verdict;
using Row = std::vector<std::string>;

constexpr const char* k_green = "32";
constexpr const char* k_red = "31";
constexpr const char* k_dim = "2";
constexpr const char* k_bold = "1";

/// Returns `text` in `colour`. Pad `text` first: the escape sequences would count as characters.
std::string paint(const std::string& text, const char* colour, const TableStyle& style) {
  return style.colour && colour != nullptr && !text.empty() ? fmt::format("\033[{}m{}\033[0m", colour, text) : text;
}

/// Returns `time` of the log as local time; the escaped text if it is not a time.
std::string local_time(const std::string& time, const char* format) {
  std::tm parts{};
  std::array<char, 32> text{};
  const char* end = strptime(time.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  const std::time_t seconds = end == nullptr ? -1 : timegm(&parts);
  if (seconds < 0 || localtime_r(&seconds, &parts) == nullptr ||
      std::strftime(text.data(), text.size(), format, &parts) == 0) {
    return support::escape_untrusted(time, 24);
  }
  return text.data();
}

const char* k_clock = "%H:%M:%S";
const char* k_date_and_clock = "%b %d %H:%M:%S";

/// Returns whether `days` are at most one day, today.
bool all_today(const std::set<std::string>& days) {
  std::array<char, 16> today{};
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  localtime_r(&now, &parts);
  std::strftime(today.data(), today.size(), "%Y-%m-%d", &parts);
  return days.empty() || (days.size() == 1 && *days.begin() == today.data());
}

std::string host_of(const AuditRecord& record) {
  const std::string host = host_text(record);
  return record.port == 0 ? host : fmt::format("{}:{}", host, record.port);
}

std::string why_of(const AuditRecord& record) {
  if (const auto notice = notice_of(record)) {
    return notice->why;
  }
  if (record.reason != Reason::allowed) {
    return support::escape_untrusted(record.text, 300);
  }
  const char* const change = record.by == firewall::audit::DecidedBy::user ? " (agentbox allow)" : "";
  return record.rule.empty() ? "" : "by " + support::escape_untrusted(record.rule, 280) + change;
}

/// Returns "N times since TIME: " for a sum of several.
std::string sum_text(const AuditRecord& record, const char* format) {
  return record.count < 2 ? "" : fmt::format("{} times since {}: ", record.count, local_time(record.first, format));
}

std::string duration_text(const AuditRecord& record) {
  const std::uint64_t ms = record.duration_ms;
  if (record.kind != Kind::connect || record.count > 1) {
    return "";
  }
  if (ms < 1000) {
    return fmt::format("{} ms", ms);
  }
  return ms < 120'000 ? fmt::format("{:.1f} s", static_cast<double>(ms) / 1000) : fmt::format("{} min", ms / 60'000);
}

std::string verdict_of(const AuditRecord& record) {
  if (record.kind == Kind::control) {
    return "rule";
  }
  if (record.kind == Kind::request) {
    return "ask";
  }
  return std::string(firewall::audit::verdict_text(record.verdict));
}

const char* colour_of(const AuditRecord& record) {
  return record.kind == Kind::control || record.kind == Kind::request ? k_bold
         : record.verdict == Verdict::allow                           ? k_green
                                                                      : k_red;
}

/// Rows of a table, each with the colour of its cell in column `coloured`.
struct Rows {
  std::size_t coloured;
  std::vector<Row> cells = {};
  std::vector<const char*> colours = {};

  void add(Row row, const char* colour) {
    cells.push_back(std::move(row));
    colours.push_back(colour);
  }

  std::string text(const std::vector<support::Column>& columns, const TableStyle& style) const {
    return support::table(
        columns, cells, style.width, [&](std::size_t row, std::size_t column, const std::string& cell) {
          return paint(cell, row == 0 ? k_dim : column == coloured ? colours[row - 1] : nullptr, style);
        });
  }
};

} // namespace

bool is_news(const AuditRecord& record) {
  const bool quiet_life = record.kind == Kind::firewall &&
                          (record.reason == Reason::firewall_started || record.reason == Reason::firewall_stopped);
  return record.kind != Kind::gate && !quiet_life;
}

std::string log_table(const std::vector<AuditRecord>& records, const TableStyle& style) {
  std::set<std::string> boxes;
  std::set<std::string> days;
  for (const AuditRecord& record : records) {
    boxes.insert(record.box);
    days.insert(local_time(record.time, "%Y-%m-%d"));
  }
  const char* const format = all_today(days) ? k_clock : k_date_and_clock;
  const bool many = boxes.size() > 1;
  std::vector<support::Column> columns = {{"TIME"},       {"VERDICT"},    {"HOST"}, {"UP", true},
                                          {"DOWN", true}, {"TOOK", true}, {"WHY"}};
  if (many) {
    columns.insert(columns.begin() + 1, {"BOX"});
  }
  Rows rows{many ? std::size_t{2} : 1};
  for (const AuditRecord& record : records) {
    const bool moved = record.bytes_up + record.bytes_down > 0;
    Row row = {local_time(record.time, format),
               verdict_of(record),
               host_of(record),
               moved ? size_text(record.bytes_up) : "",
               moved ? size_text(record.bytes_down) : "",
               duration_text(record),
               sum_text(record, format) + why_of(record)};
    if (many) {
      row.insert(row.begin() + 1, support::escape_untrusted(record.box, 64));
    }
    rows.add(std::move(row), colour_of(record));
  }
  return rows.text(columns, style);
}

std::string denied_table(const std::vector<Denied>& denied, const TableStyle& style) {
  std::set<std::string> days;
  for (const Denied& one : denied) {
    days.insert(local_time(one.last, "%Y-%m-%d"));
  }
  const char* const format = all_today(days) ? k_clock : k_date_and_clock;
  Rows rows{2};
  for (const Denied& one : denied) {
    rows.add({std::to_string(one.count), local_time(one.last, format), one.notice.what, one.notice.why,
              allow_command(one.notice, "")},
             k_red);
  }
  // Not limited to the terminal's width: a truncated command is useless.
  return rows.text({{"TIMES", true}, {"LAST"}, {"WHAT"}, {"WHY"}, {"ALLOW IT WITH"}}, {style.colour, 0});
}

std::string totals_table(const std::vector<Total>& totals, const TableStyle& style) {
  std::set<std::string> days;
  for (const Total& total : totals) {
    days.insert(local_time(total.first, "%Y-%m-%d"));
    days.insert(local_time(total.last, "%Y-%m-%d"));
  }
  const char* const format = all_today(days) ? k_clock : k_date_and_clock;
  Rows rows{2};
  for (const Total& total : totals) {
    rows.add({total.host, std::to_string(total.allowed), std::to_string(total.denied), size_text(total.bytes_up),
              size_text(total.bytes_down), local_time(total.first, format), local_time(total.last, format)},
             total.denied > 0 ? k_red : nullptr);
  }
  return rows.text({{"HOST"}, {"ALLOWED", true}, {"DENIED", true}, {"UP", true}, {"DOWN", true}, {"FIRST"}, {"LAST"}},
                   style);
}

std::string follow_line(const AuditRecord& record, const TableStyle& style) {
  const bool moved = record.bytes_up + record.bytes_down > 0;
  const std::string bytes =
      moved ? fmt::format("  {} up, {} down", size_text(record.bytes_up), size_text(record.bytes_down)) : "";
  const auto notice = notice_of(record);
  const std::string command = notice ? allow_command(*notice, record.box) : "";
  const std::string why = why_of(record);
  return fmt::format("{}  {}  {}  {}{}{}{}\n", paint(local_time(record.time, k_clock), k_dim, style),
                     support::escape_untrusted(record.box, 64),
                     paint(fmt::format("{:<5}", verdict_of(record)), colour_of(record), style), host_of(record), bytes,
                     why.empty() ? "" : "  (" + why + ")",
                     command.empty() ? "" : "\n          allow it with: " + command);
}

std::string to_json_line(const Denied& denied) {
  const auto& [notice, count, first, last, box, reason] = denied;
  const nlohmann::ordered_json object = {{"what", notice.what},
                                         {"count", count},
                                         {"first", support::escape_untrusted(first, 40)},
                                         {"last", support::escape_untrusted(last, 40)},
                                         {"box", support::escape_untrusted(box, 64)},
                                         {"reason", firewall::audit::token_of(reason)},
                                         {"why", notice.why},
                                         {"allow", notice.entry}};
  return object.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace) + '\n';
}

} // namespace agentbox::network
