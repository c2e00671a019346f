// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace agentbox::support {

/// A column of a table: numbers are aligned right, and the last column is not padded.
struct Column {
  std::string_view title; ///< a table whose titles are all empty has no title line
  bool right = false;
};

/// Returns `rows` (of as many cells as there are columns) as lines of text, two spaces between columns, each column as
/// wide as its longest cell. Widths are counted in code points.
std::string table(const std::vector<Column>& columns, const std::vector<std::vector<std::string>>& rows);

} // namespace agentbox::support
