// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <optional>
#include <string_view>

namespace agentbox::config {

/// What the TOML parser must not be given, and where it stands (both from 1).
struct TomlHazard {
  std::size_t line = 1;
  std::size_t column = 1;
  std::string_view message;
  std::string_view hint;
};

/// Looks for what toml++ (3.3, 3.4) cannot be trusted with when the text is somebody else's:
/// - lines of more than 4096 bytes: a table nests as deep as its dotted key has parts, and is destroyed by recursion;
/// - characters outside ASCII where TOML has none (outside of strings and comments): the parser asks whether they are
///   blanks in a function that ends in __builtin_unreachable() for most of them. For the same reason they cannot be the
///   first thing after a backslash that ends a line of a multi-line string.
/// Nothing when there is no hazard. The text need not be TOML.
std::optional<TomlHazard> find_toml_hazard(std::string_view text);

} // namespace agentbox::config
