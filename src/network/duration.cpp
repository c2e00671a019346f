// SPDX-License-Identifier: Apache-2.0
#include "network/duration.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

#include "firewall/audit/audit_record.hpp"
#include "support/ascii.hpp"

namespace agentbox::network {
namespace {

constexpr std::int64_t k_max_duration = std::int64_t{3650} * 86400;
constexpr std::array<std::pair<char, std::int64_t>, 4> k_units = {{{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}}};

using support::is_digit;

/// Returns whether `text` is a time like "2026-01-31T12:00:00.000Z" or the start of one, at least the date.
bool is_time_prefix(std::string_view text) {
  constexpr std::string_view k_shape = "0000-00-00T00:00:00.000Z";
  constexpr std::size_t k_date = 10;
  if (text.size() < k_date || text.size() > k_shape.size()) {
    return false;
  }
  return std::equal(text.begin(), text.end(), k_shape.begin(),
                    [](char c, char shape) { return shape == '0' ? is_digit(c) : c == shape; });
}

} // namespace

std::optional<std::chrono::seconds> parse_duration(std::string_view text) {
  std::int64_t total = 0;
  const auto* unit = k_units.begin();
  while (!text.empty()) {
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    const auto digits = static_cast<std::size_t>(end - text.data());
    if (error != std::errc() || !is_digit(text.front()) || digits == text.size() || count > k_max_duration) {
      return std::nullopt;
    }
    unit = std::find_if(unit, k_units.end(), [&](const auto& one) { return one.first == text[digits]; });
    if (unit == k_units.end()) {
      return std::nullopt;
    }
    total += count * unit->second;
    ++unit;
    text.remove_prefix(digits + 1);
  }
  return total > 0 && total <= k_max_duration ? std::optional(std::chrono::seconds(total)) : std::nullopt;
}

std::optional<std::string> parse_since(std::string_view text, std::chrono::system_clock::time_point now) {
  if (const auto duration = parse_duration(text)) {
    return firewall::audit::format_time(now - *duration);
  }
  return is_time_prefix(text) ? std::optional(std::string(text)) : std::nullopt;
}

} // namespace agentbox::network
