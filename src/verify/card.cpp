// SPDX-License-Identifier: Apache-2.0
#include "verify/card.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "support/error.hpp"
#include "support/text.hpp"

namespace agentbox::verify {
namespace {

using support::Error;
using support::ExitCode;

constexpr std::size_t k_max_rows = 1000;
constexpr std::size_t k_max_field = 160;

constexpr std::array<std::pair<Verdict, std::string_view>, 6> k_verdicts{{{Verdict::stopped, "stopped"},
                                                                          {Verdict::through, "THROUGH"},
                                                                          {Verdict::unclear, "UNCLEAR"},
                                                                          {Verdict::works, "works"},
                                                                          {Verdict::broken, "BROKEN"},
                                                                          {Verdict::skipped, "skipped"}}};

Error not_whole(const std::string& why) {
  return {ExitCode::failed, "the probe's report from inside the box is not whole: " + why,
          "something in the box interfered, or the box ended; look at it with agentbox shell, or start a fresh one"};
}

std::vector<std::string_view> fields_of(std::string_view line) {
  std::vector<std::string_view> fields;
  while (true) {
    const std::size_t tab = line.find('\t');
    fields.push_back(line.substr(0, tab));
    if (tab == std::string_view::npos) {
      return fields;
    }
    line.remove_prefix(tab + 1);
  }
}

std::optional<Verdict> verdict_of(std::string_view text) {
  const auto* const found =
      std::find_if(k_verdicts.begin(), k_verdicts.end(), [&](const auto& one) { return one.second == text; });
  return found == k_verdicts.end() ? std::nullopt : std::optional(found->first);
}

Row row_of(const std::vector<std::string_view>& fields) {
  constexpr std::size_t k_fields = 6;
  const auto verdict = fields.size() == k_fields ? verdict_of(fields[4]) : std::nullopt;
  if (!verdict || fields[0].empty()) {
    throw not_whole("a line is not a finding");
  }
  const auto text = [&](std::size_t index) { return support::escape_untrusted(fields[index], k_max_field); };
  return {text(0), text(1), text(2), text(3), *verdict, text(5)};
}

void require_count(const std::vector<std::string_view>& fields, std::size_t count) {
  std::size_t said = 0;
  const std::string_view text = fields.size() == 2 ? fields[1] : "";
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), said);
  if (error != std::errc() || end != text.data() + text.size() || said != count) {
    throw not_whole("its count is wrong");
  }
}

} // namespace

bool is_good(Verdict verdict) {
  return verdict == Verdict::stopped || verdict == Verdict::works || verdict == Verdict::skipped;
}

std::string_view verdict_text(Verdict verdict) {
  const auto* const found =
      std::find_if(k_verdicts.begin(), k_verdicts.end(), [&](const auto& one) { return one.first == verdict; });
  return found->second;
}

std::vector<Row> parse_rows(std::string_view output, std::size_t least) {
  std::vector<Row> rows;
  bool ended = false;
  while (!output.empty()) {
    const std::size_t end = output.find('\n');
    const std::vector<std::string_view> fields = fields_of(output.substr(0, end));
    output.remove_prefix(end == std::string_view::npos ? output.size() : end + 1);
    if (ended || rows.size() >= k_max_rows) {
      throw not_whole("there is more than it should hold");
    }
    ended = fields[0] == "end";
    if (ended) {
      require_count(fields, rows.size());
    } else {
      rows.push_back(row_of(fields));
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

bool passed(const Card& card) {
  const auto is = [](Verdict verdict) { return [verdict](const Row& row) { return row.verdict == verdict; }; };
  return std::all_of(card.rows.begin(), card.rows.end(), [](const Row& row) { return is_good(row.verdict); }) &&
         std::any_of(card.rows.begin(), card.rows.end(), is(Verdict::stopped));
}

} // namespace agentbox::verify
