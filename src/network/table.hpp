// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "firewall/audit/record.hpp"
#include "network/notice.hpp"

namespace agentbox::network {

/// How a table is shown.
struct Look {
  bool colour = false;
  std::size_t width = 0; ///< of the terminal; 0: lines are as long as they are
};

/// What went to and from one host in all.
struct Total {
  std::string host; ///< name, or address where there was no name
  std::size_t allowed = 0;
  std::size_t denied = 0;
  std::uint64_t bytes_up = 0;
  std::uint64_t bytes_down = 0;
};

/// By host; the most bytes first, then the most denials.
std::vector<Total> totals(const std::vector<firewall::audit::Record>& records);

/// Whether people want to see `record` in a log: not the gate's knocking, nor a quiet start and stop.
bool is_news(const firewall::audit::Record& record);

/// Tables with a line of headings. Times are local ones. Everything is escaped.
std::string log_table(const std::vector<firewall::audit::Record>& records, const Look& look);
std::string denied_table(const std::vector<Denied>& denied, const Look& look);
std::string totals_table(const std::vector<Total>& totals, const Look& look);

/// One record as a line for `follow`, which cannot know what comes: fixed columns.
std::string follow_line(const firewall::audit::Record& record, const Look& look);

/// One JSON object and a newline each.
std::string to_json_line(const Total& total);
std::string to_json_line(const Denied& denied);

/// "0 B", "1.2 kB", "3.4 MB".
std::string size_text(std::uint64_t bytes);

} // namespace agentbox::network
