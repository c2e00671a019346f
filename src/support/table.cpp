// SPDX-License-Identifier: Apache-2.0
#include "support/table.hpp"

#include <algorithm>

namespace agentbox::support {
namespace {

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

} // namespace

std::string table(const std::vector<Column>& columns, const std::vector<std::vector<std::string>>& rows,
                  std::size_t max_width, const PaintCell& paint) {
  std::vector<std::vector<std::string>> all;
  if (std::any_of(columns.begin(), columns.end(), [](const Column& one) { return !one.title.empty(); })) {
    std::transform(columns.begin(), columns.end(), std::back_inserter(all.emplace_back()),
                   [](const Column& one) { return std::string(one.title); });
  }
  all.insert(all.end(), rows.begin(), rows.end());
  std::vector<std::size_t> widths(columns.size());
  for (const auto& row : all) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      widths[i] = std::max(widths[i], width_of(row[i]));
    }
  }
  std::string text;
  for (std::size_t number = 0; number < all.size(); ++number) {
    std::string line;
    std::size_t used = 0;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      std::string& cell = all[number][i];
      const bool last = i + 1 == columns.size();
      if (columns[i].align_right || !last) {
        cell.insert(columns[i].align_right ? 0 : cell.size(), widths[i] - width_of(cell), ' ');
      } else if (max_width > used + 3 && cell.size() > max_width - used) {
        cell = cell.substr(0, max_width - used - 3) + "...";
      }
      used += widths[i] + 2;
      line += (paint ? paint(number, i, cell) : cell) + (last ? "" : "  ");
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

} // namespace agentbox::support
