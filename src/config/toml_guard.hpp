// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <optional>
#include <string_view>

namespace agentbox::config {

/// A place in a TOML text that the parser must not see; line and column from 1.
struct TomlHazard {
  std::size_t line = 1;
  std::size_t column = 1;
  std::string_view message;
  std::string_view hint;
};

/// Finds text that toml++ (3.3, 3.4) does not handle safely:
/// - lines of more than 4096 bytes: a table nests as deep as its dotted key has parts, and is destroyed by recursion;
/// - non-ASCII characters outside strings and comments, where TOML allows none, and right after a line-ending backslash
/// in
///   a multi-line string: toml++ tests them for white space in a function that ends in __builtin_unreachable().
/// Returns nothing if there is no hazard. The text need not be valid TOML.
std::optional<TomlHazard> find_toml_hazard(std::string_view text);

} // namespace agentbox::config
