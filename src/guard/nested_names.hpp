// SPDX-License-Identifier: Apache-2.0
// What host programs execute in directories of the project below the top: apps/web/.vscode.
#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "guard/guard.hpp"
#include "guard/workspace_walk.hpp"

namespace agentbox::guard {

/// The maximum number of mounts for what is protected by name below the top directory; more are refused.
inline constexpr std::size_t k_max_nested_mounts = 256;

/// The maximum number of directories above them, which are mount points too (oci::covered_pins_of()).
inline constexpr std::size_t k_max_directories_above = 1024;

/// The names of executes.toml that are protected in every directory.
class NestedNames {
public:
  /// Takes the names in `protect`, which may lack some.
  explicit NestedNames(const std::vector<std::string>& protect);

  /// Returns whether `name` is the first part of one.
  bool starts(std::string_view name) const {
    return ((m_lengths.at(static_cast<unsigned char>(name.front())) >> length_bit(name)) & 1U) != 0 &&
           m_names.contains(name);
  }
  /// Returns the names with this first part.
  const std::vector<std::string_view>& with_first(std::string_view part) const { return m_names.at(part); }

private:
  static std::size_t length_bit(std::string_view name) { return std::min<std::size_t>(name.size(), 63); }

  std::unordered_map<std::string_view, std::vector<std::string_view>> m_names;
  std::array<std::uint64_t, 256> m_lengths{}; ///< by first byte: a bit for each length. Rules out most names
};

/// Makes what exists of protected names below the top directory read-only. `paths` were found by their first part
/// (NestedNames::starts()). A link inside the project counts as its target. Skips directories of installed packages,
/// which package managers replace, and paths below an exception. Throws Error(refused) when there is too much.
void protect_nested(const Walk& walk, const std::vector<std::string>& paths, const GuardLists& lists, Guarded& guarded);

} // namespace agentbox::guard
