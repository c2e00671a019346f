// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace agentbox::support {

/// A column. `align_right` is for numbers; a last column that is aligned left is not padded.
struct Column {
  std::string_view title; ///< a table whose titles are all empty has no title line
  bool align_right = false;
};

/// Returns `cell` (already padded) with its colour codes. `row` 0 is the title line, if there is one.
using PaintCell = std::function<std::string(std::size_t row, std::size_t column, const std::string& cell)>;

/// Returns `rows` (of as many cells as there are columns) as lines of text, two spaces between columns, each column as
/// wide as its longest cell. Widths are counted in code points. With `max_width`, the last column is cut to fit, and
/// its cells must be ASCII.
std::string table(const std::vector<Column>& columns, const std::vector<std::vector<std::string>>& rows,
                  std::size_t max_width = 0, const PaintCell& paint = {});

} // namespace agentbox::support
