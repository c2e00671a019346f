// SPDX-License-Identifier: Apache-2.0
#include "oci/bundle/mappings.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "support/error.hpp"

namespace agentbox::oci::bundle {
namespace {

constexpr std::uint32_t k_max_ids = 1U << 24U;

std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

} // namespace

std::vector<SubordinateRange> subordinate_ranges(std::string_view text, std::string_view name, std::uint32_t id) {
  std::vector<SubordinateRange> result;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) {
      continue;
    }
    const std::string_view owner = line.substr(0, first);
    const auto begin = number(line.substr(first + 1, second - first - 1));
    const auto count = number(line.substr(second + 1));
    if ((owner == name || owner == std::to_string(id)) && begin && count && *count > 0) {
      result.push_back({*begin, *count});
    }
  }
  return result;
}

std::vector<IdMapping> keep_id_outside(std::uint32_t box_id, std::uint32_t host_id,
                                       const std::vector<SubordinateRange>& ranges) {
  std::vector<IdMapping> result;
  std::uint32_t next = 0; // the next id of the box
  bool placed = false;
  for (const auto& [first, count] : ranges) {
    std::uint32_t used = 0;
    while (used < count && next < k_max_ids) {
      if (!placed && next == box_id) {
        result.push_back({box_id, host_id, 1});
        placed = true;
        ++next;
      }
      const std::uint32_t step = placed ? count - used : std::min(count - used, box_id - next);
      result.push_back({next, first + used, step});
      next += step;
      used += step;
    }
  }
  if (!placed && next == box_id) {
    result.push_back({box_id, host_id, 1});
    placed = true;
  }
  if (!placed) {
    throw support::Error(support::ExitCode::refused,
                         "you have " + std::to_string(next) + " subordinate ids, too few for user " +
                             std::to_string(box_id) + " of the box",
                         "agentbox doctor says how to get a range of 65536");
  }
  return result;
}

std::vector<IdMapping> keep_id_inside(std::uint32_t box_id) {
  return {{0, 1, box_id}, {box_id, 0, 1}, {box_id + 1, box_id + 1, k_max_ids}};
}

} // namespace agentbox::oci::bundle
