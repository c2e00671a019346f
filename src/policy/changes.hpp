// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <optional>
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

  /// Adds a change of a limit: more is broader, no limit is the broadest.
  void limit(const std::string& field, std::optional<std::uint64_t> before, std::optional<std::uint64_t> after) {
    if (before != after) {
      const bool more = !after || (before && *after > *before);
      add(more ? Direction::broader : Direction::tighter, field, number(before) + " -> " + number(after));
    }
  }

  /// Adds the changes of an unordered list: new items have direction `added`, removed ones the opposite.
  void list(const std::string& field, const std::vector<std::string>& before, const std::vector<std::string>& after,
            Direction added) {
    each_missing(before, after, [&](const std::string& item) { add(opposite(added), field, "- " + item); });
    each_missing(after, before, [&](const std::string& item) { add(added, field, "+ " + item); });
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

  template <typename Visit>
  static void each_missing(const std::vector<std::string>& items, const std::vector<std::string>& from, Visit visit) {
    for (const std::string& item : items) {
      if (std::find(from.begin(), from.end(), item) == from.end()) {
        visit(item);
      }
    }
  }

  std::vector<Change> m_changes;
};

/// Adds the differences of what the box may reach.
void diff_egress(const EgressPolicy& before, const EgressPolicy& after, Changes& changes);

} // namespace agentbox::policy
