// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <iterator>

namespace agentbox::support {

/// Returns whether `item` is in `range`.
template <typename Range, typename Item>
constexpr bool contains(const Range& range, const Item& item) {
  return std::find(std::begin(range), std::end(range), item) != std::end(range);
}

/// Returns whether `range` is sorted, without duplicates.
template <typename Range>
bool is_sorted_unique(const Range& range) {
  return std::adjacent_find(range.begin(), range.end(), [](const auto& a, const auto& b) { return a >= b; }) ==
         range.end();
}

/// Sorts `items` and removes duplicates.
template <typename Items>
void sort_unique(Items& items) {
  if (!is_sorted_unique(items)) {
    std::sort(items.begin(), items.end());
    items.erase(std::unique(items.begin(), items.end()), items.end());
  }
}

} // namespace agentbox::support
