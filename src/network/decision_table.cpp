// SPDX-License-Identifier: Apache-2.0
#include "network/decision_table.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <fmt/format.h>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

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

/// `text` in the colour, padded first so that the escape bytes do not count.
std::string paint(const std::string& text, const char* colour, const Look& look) {
  return look.colour && colour != nullptr && !text.empty() ? fmt::format("\033[{}m{}\033[0m", colour, text) : text;
}

/// Returns `time` of the log as local time; the text itself when it is not a time.
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

/// Whether all of `times` are of one day, and it is today.
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

/// How many decisions a sum stands for, and since when.
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
  return std::string(firewall::audit::verdict_text(record.verdict));
}

const char* colour_of(const AuditRecord& record) {
  return record.kind == Kind::control ? k_bold : record.verdict == Verdict::allow ? k_green : k_red;
}

/// A table whose columns are as wide as they need to be. The last one takes what is left of the line.
class Table {
public:
  explicit Table(Row headings, std::string right_aligned = "") : m_right(std::move(right_aligned)) {
    add(std::move(headings), nullptr, 0);
  }

  /// `colour` is for the cell of `column`.
  void add(Row row, const char* colour, std::size_t column) {
    m_widths.resize(std::max(m_widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) {
      m_widths[i] = std::max(m_widths[i], row[i].size());
    }
    m_rows.push_back({std::move(row), colour, column});
  }

  std::string text(const Look& look) const {
    std::string result;
    for (std::size_t i = 0; i < m_rows.size(); ++i) {
      result += line(m_rows[i], look, i == 0);
    }
    return result;
  }

private:
  struct Painted {
    Row cells;
    const char* colour;
    std::size_t column;
  };

  std::string line(const Painted& row, const Look& look, bool heading) const {
    std::string result;
    std::size_t used = 0;
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      std::string cell = row.cells[i];
      const bool last = i + 1 == row.cells.size();
      if (last && look.width > used + 3 && cell.size() > look.width - used) {
        cell = cell.substr(0, look.width - used - 3) + "...";
      }
      if (m_right.find(static_cast<char>('0' + i)) != std::string::npos) {
        cell = fmt::format("{:>{}}", cell, m_widths[i]);
      } else if (!last) {
        cell = fmt::format("{:<{}}", cell, m_widths[i]);
      }
      used += cell.size() + 2;
      const char* colour = heading ? k_dim : i == row.column ? row.colour : nullptr;
      result += paint(cell, colour, look) + (last ? "" : "  ");
    }
    result.erase(std::find_if_not(result.rbegin(), result.rend(), [](char c) { return c == ' '; }).base(),
                 result.end());
    return result + "\n";
  }

  std::string m_right; ///< digits of the columns that are aligned to the right
  std::vector<std::size_t> m_widths;
  std::vector<Painted> m_rows;
};

} // namespace

bool is_news(const AuditRecord& record) {
  const bool quiet_life = record.kind == Kind::firewall &&
                          (record.reason == Reason::firewall_started || record.reason == Reason::firewall_stopped);
  return record.kind != Kind::gate && !quiet_life;
}

std::string log_table(const std::vector<AuditRecord>& records, const Look& look) {
  std::set<std::string> boxes;
  std::set<std::string> days;
  for (const AuditRecord& record : records) {
    boxes.insert(record.box);
    days.insert(local_time(record.time, "%Y-%m-%d"));
  }
  const char* const format = all_today(days) ? k_clock : k_date_and_clock;
  const bool many = boxes.size() > 1;
  Row headings = {"TIME", "VERDICT", "HOST", "UP", "DOWN", "TOOK", "WHY"};
  if (many) {
    headings.insert(headings.begin() + 1, "BOX");
  }
  Table table(headings, many ? "456" : "345");
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
    table.add(std::move(row), colour_of(record), many ? 2 : 1);
  }
  return table.text(look);
}

std::string denied_table(const std::vector<Denied>& denied, const Look& look) {
  std::set<std::string> days;
  for (const Denied& one : denied) {
    days.insert(local_time(one.last, "%Y-%m-%d"));
  }
  const char* const format = all_today(days) ? k_clock : k_date_and_clock;
  Table table({"TIMES", "LAST", "WHAT", "WHY", "ALLOW IT WITH"}, "0");
  for (const Denied& one : denied) {
    table.add({std::to_string(one.count), local_time(one.last, format), one.notice.what, one.notice.why,
               allow_command(one.notice, "")},
              k_red, 2);
  }
  return table.text({look.colour, 0}); // a command that was cut would be of no use
}

std::string totals_table(const std::vector<Total>& totals, const Look& look) {
  std::set<std::string> days;
  for (const Total& total : totals) {
    days.insert(local_time(total.first, "%Y-%m-%d"));
    days.insert(local_time(total.last, "%Y-%m-%d"));
  }
  const char* const format = all_today(days) ? k_clock : k_date_and_clock;
  Table table({"HOST", "ALLOWED", "DENIED", "UP", "DOWN", "FIRST", "LAST"}, "1234");
  for (const Total& total : totals) {
    table.add({total.host, std::to_string(total.allowed), std::to_string(total.denied), size_text(total.bytes_up),
               size_text(total.bytes_down), local_time(total.first, format), local_time(total.last, format)},
              total.denied > 0 ? k_red : nullptr, 2);
  }
  return table.text(look);
}

std::string follow_line(const AuditRecord& record, const Look& look) {
  const bool moved = record.bytes_up + record.bytes_down > 0;
  const std::string bytes =
      moved ? fmt::format("  {} up, {} down", size_text(record.bytes_up), size_text(record.bytes_down)) : "";
  const auto notice = notice_of(record);
  const std::string command = notice ? allow_command(*notice, record.box) : "";
  const std::string why = why_of(record);
  return fmt::format("{}  {}  {}  {}{}{}{}\n", paint(local_time(record.time, k_clock), k_dim, look),
                     support::escape_untrusted(record.box, 64),
                     paint(fmt::format("{:<5}", verdict_of(record)), colour_of(record), look), host_of(record), bytes,
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
