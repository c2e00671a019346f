// SPDX-License-Identifier: Apache-2.0
#include "verify/report.hpp"

#include <algorithm>
#include <optional>

#include "support/error.hpp"
#include "support/lines.hpp"
#include "support/numbers.hpp"
#include "support/text.hpp"

namespace agentbox::verify {
namespace {

using support::Error;
using support::ExitCode;

constexpr std::size_t k_max_rows = 1000;
constexpr std::size_t k_max_field = 160;

Error not_whole(const std::string& why) {
  return {ExitCode::failed, "the probe's report from inside the box is incomplete: " + why,
          "something in the box interfered, or it ended; inspect it with agentbox shell, or start a new box"};
}

std::optional<Verdict> verdict_of(std::string_view text) {
  const auto* const found = std::find(protocol::k_verdicts.begin(), protocol::k_verdicts.end(), text);
  return found == protocol::k_verdicts.end()
             ? std::nullopt
             : std::optional(static_cast<Verdict>(found - protocol::k_verdicts.begin()));
}

Row row_of(const std::vector<std::string_view>& fields) {
  constexpr std::size_t k_fields = 6;
  const auto verdict = fields.size() == k_fields ? verdict_of(fields[4]) : std::nullopt;
  if (!verdict || fields[0].empty()) {
    throw not_whole("a line is invalid");
  }
  const auto text = [&](std::size_t index) { return support::escape_untrusted(fields[index], k_max_field); };
  return {text(0), text(1), text(2), text(3), *verdict, text(5)};
}

} // namespace

std::vector<Row> parse_rows(std::string_view output, std::size_t least) {
  std::vector<Row> rows;
  bool ended = false;
  for (const std::string_view line : support::lines(output)) {
    const std::vector<std::string_view> fields = support::split(line, '\t');
    if (ended || rows.size() >= k_max_rows) {
      throw not_whole("it is too long");
    }
    ended = fields[0] == "end";
    if (!ended) {
      rows.push_back(row_of(fields));
    } else if (fields.size() != 2 || support::parse_number<std::size_t>(fields[1]) != rows.size()) {
      throw not_whole("its count is wrong");
    }
  }
  if (!ended) {
    throw not_whole("it has no end");
  }
  if (rows.size() < least) {
    throw not_whole("only " + std::to_string(rows.size()) + " attempts of " + std::to_string(least));
  }
  return rows;
}

bool passed(const VerifyReport& report) {
  const auto is = [](Verdict verdict) { return [verdict](const Row& row) { return row.verdict == verdict; }; };
  return std::all_of(report.rows.begin(), report.rows.end(), [](const Row& row) { return is_good(row.verdict); }) &&
         std::any_of(report.rows.begin(), report.rows.end(), is(Verdict::stopped));
}

} // namespace agentbox::verify
