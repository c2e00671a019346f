// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "policy/policy.hpp"

namespace agentbox::policy {

/// Collects the differences that diff() finds. One function per kind of value, which decides the direction.
class Changes {
public:
  using Direction = Change::Direction;

  void add(Direction direction, std::string field, std::string text) {
    m_changes.push_back({direction, std::move(field), std::move(text)});
  }

  /// Adds a change of a value without order: every difference has `direction`.
  void value(const std::string& field, const std::string& before, const std::string& after,
             Direction direction = Direction::broader) {
    if (before != after) {
      add(direction, field, shown(before) + " -> " + shown(after));
    }
  }

  /// Adds a change of a limit on `what`: more is broader, no limit is the broadest.
  void limit(const std::string& field, std::optional<std::uint64_t> before, std::optional<std::uint64_t> after,
             const std::string& what = {}) {
    if (before != after) {
      const bool more = !after || (before && *after > *before);
      add(more ? Direction::broader : Direction::tighter, field, what + number(before) + " -> " + number(after));
    }
  }

  /// Adds the changes of an unordered list, whose items `text` writes: new ones have direction `added`, removed ones
  /// the opposite.
  template <typename Item, typename Text = std::identity>
  void list(const std::string& field, const std::vector<Item>& before, const std::vector<Item>& after, Direction added,
            Text text = {}) {
    for (const Item& gone : missing(before, after)) {
      add(opposite(added), field, "- " + text(gone));
    }
    for (const Item& fresh : missing(after, before)) {
      add(added, field, "+ " + text(fresh));
    }
  }

  /// Returns the items of `items` that `from` does not have, in their order.
  template <typename Item>
  static std::vector<Item> missing(const std::vector<Item>& items, const std::vector<Item>& from) {
    const std::set<Item> known(from.begin(), from.end());
    std::vector<Item> result;
    std::copy_if(items.begin(), items.end(), std::back_inserter(result),
                 [&](const Item& item) { return !known.contains(item); });
    return result;
  }

  std::vector<Change> differences() && { return std::move(m_changes); }

  static Direction opposite(Direction direction) {
    switch (direction) {
    case Direction::broader: return Direction::tighter;
    case Direction::tighter: return Direction::broader;
    case Direction::neutral: return Direction::neutral;
    }
    return Direction::broader;
  }

private:
  static std::string shown(const std::string& text) { return text.empty() ? "(none)" : text; }
  static std::string number(std::optional<std::uint64_t> value) { return value ? std::to_string(*value) : "unlimited"; }

  std::vector<Change> m_changes;
};

/// Adds the differences of what the box may reach.
void diff_egress(const EgressPolicy& before, const EgressPolicy& after, Changes& changes);

} // namespace agentbox::policy
