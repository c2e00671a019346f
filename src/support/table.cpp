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

std::string table(const std::vector<Column>& columns, const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::vector<std::string>> all;
  if (std::any_of(columns.begin(), columns.end(), [](const Column& one) { return !one.title.empty(); })) {
    std::transform(columns.begin(), columns.end(), std::back_inserter(all.emplace_back()),
                   [](const Column& one) { return std::string(one.title); });
  }
  all.insert(all.end(), rows.begin(), rows.end());
  std::string text;
  for (const auto& row : all) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      std::size_t width = 0;
      for (const auto& other : all) {
        width = std::max(width, width_of(other[i]));
      }
      const std::string padding(width - width_of(row[i]), ' ');
      const bool last = i + 1 == columns.size();
      text += columns[i].right ? padding + row[i] : last ? row[i] : row[i] + padding;
      text += last ? "\n" : "  ";
    }
  }
  return text;
}

} // namespace agentbox::support
