// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "executes/rules.hpp"

namespace agentbox::executes {

/// Returns whether `name` matches `pattern`, in which each "*" matches any text. Time is linear for one "*". Pure.
bool matches(std::string_view pattern, std::string_view name);

/// Returns whether a directory in `path` holds installed packages (node_modules). Pure.
bool in_packages(std::string_view path);

/// Finds the rules that apply to a path. Pure functions over the rules and the further names.
class Matcher {
public:
  /// Also matches `further`: protected names of the user's configuration, in every directory.
  explicit Matcher(const std::vector<std::string>& further = {});
  Matcher(const Matcher&) = delete; // it has views of itself
  Matcher& operator=(const Matcher&) = delete;
  ~Matcher() = default;

  /// Returns the rule for `path`, which is relative, or for a directory above it; null if there is none. Names that are
  /// only reported are ignored below directories of installed packages (node_modules), which are not edited.
  const Rule* find(std::string_view path) const;

  /// Returns whether the last part of `path` completes a name, or starts one.
  bool is_name(std::string_view path) const { return at_end(path, true) != nullptr || starts_name(path); }

  /// Returns whether files in `directory` may matter because of the names above them: a rule applies to it, or it can
  /// be the first part of a name.
  bool decides(std::string_view directory) const;

  /// Returns the first parts of the names without "*", without duplicates.
  const std::vector<std::string_view>& first_parts() const { return m_first_parts; }

  /// Returns whether `path` can be the first part of a name: "a/.claude" of ".claude/settings.json".
  bool starts_name(std::string_view path) const;

private:
  void add(const Rule& rule);
  const Rule* at_end(std::string_view path, bool whole) const;

  std::deque<std::string> m_names; ///< of the user's configuration
  std::deque<Rule> m_further;
  std::unordered_map<std::string_view, std::vector<const Rule*>> m_literals;    ///< by their last part
  std::unordered_map<std::string_view, std::vector<std::string_view>> m_starts; ///< parts of names, likewise
  std::vector<std::string_view> m_first_parts;
  std::array<std::vector<const Rule*>, 256> m_globs; ///< by the first byte
};

} // namespace agentbox::executes
