// SPDX-License-Identifier: Apache-2.0
#include "support/line_diff.hpp"

#include <algorithm>
#include <cstdint>

namespace agentbox::support {
namespace {

using Lines = std::vector<std::string_view>;

constexpr std::size_t k_max_lines = 2000; // the table below is the square of it

Lines lines_of(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

/// Lengths of the longest common subsequences of the tails that begin at (i, j).
class Table {
public:
  Table(const Lines& before, const Lines& after) : m_width(after.size() + 1), m_lengths((before.size() + 1) * m_width) {
    for (std::size_t i = before.size(); i-- > 0;) {
      for (std::size_t j = after.size(); j-- > 0;) {
        m_lengths[i * m_width + j] = before[i] == after[j] ? static_cast<std::uint16_t>(at(i + 1, j + 1) + 1)
                                                           : std::max(at(i + 1, j), at(i, j + 1));
      }
    }
  }
  std::uint16_t at(std::size_t i, std::size_t j) const { return m_lengths[i * m_width + j]; }

private:
  std::size_t m_width;
  std::vector<std::uint16_t> m_lengths;
};

std::string marked(const char* mark, std::string_view line) {
  return mark + std::string(line);
}

std::vector<std::string> all_lines(const Lines& before, const Lines& after) {
  const Table table(before, after);
  std::vector<std::string> result;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < before.size() || j < after.size()) {
    if (i < before.size() && j < after.size() && before[i] == after[j]) {
      result.push_back(marked("  ", before[i]));
      ++i;
      ++j;
    } else if (j == after.size() || (i < before.size() && table.at(i + 1, j) >= table.at(i, j + 1))) {
      result.push_back(marked("- ", before[i++]));
    } else {
      result.push_back(marked("+ ", after[j++]));
    }
  }
  return result;
}

bool is_change(const std::string& line) {
  return !line.starts_with(' ');
}

} // namespace

std::vector<std::string> line_diff(std::string_view before, std::string_view after, std::size_t context) {
  if (before == after) {
    return {};
  }
  const Lines old_lines = lines_of(before);
  const Lines new_lines = lines_of(after);
  std::vector<std::string> all;
  if (old_lines.size() > k_max_lines || new_lines.size() > k_max_lines) {
    std::transform(old_lines.begin(), old_lines.end(), std::back_inserter(all),
                   [](std::string_view line) { return marked("- ", line); });
    std::transform(new_lines.begin(), new_lines.end(), std::back_inserter(all),
                   [](std::string_view line) { return marked("+ ", line); });
    return all;
  }
  all = all_lines(old_lines, new_lines);
  std::vector<std::string> result;
  std::size_t next = 0; // the first line that is not decided about
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!is_change(all[i])) {
      continue;
    }
    const std::size_t from = std::max(next, i - std::min(i, context));
    if (from > next) {
      result.emplace_back("…");
    }
    next = std::max(next, from);
    const std::size_t to = std::min(all.size(), i + context + 1);
    result.insert(result.end(), all.begin() + static_cast<std::ptrdiff_t>(next),
                  all.begin() + static_cast<std::ptrdiff_t>(std::max(next, to)));
    next = std::max(next, to);
  }
  return result;
}

} // namespace agentbox::support
