// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/toml_plusplus.hpp"
#include "config/values.hpp"
#include "policy/diagnostic.hpp"

namespace agentbox::config {

/// Reads one table of a TOML file. Each getter marks a key as known and returns its value if present; a wrong type is a
/// mistake. finish() reports unknown keys.
class TomlTable {
public:
  /// Reads `table`, which messages call `name` ("network"; empty for the top level).
  TomlTable(const toml::table& table, std::string name, std::string file, policy::Diagnostics& diagnostics)
      : m_table(&table), m_name(std::move(name)), m_file(std::move(file)), m_diagnostics(&diagnostics) {}

  std::optional<Located<std::string>> string(std::string_view key);
  std::optional<Located<bool>> boolean(std::string_view key);
  /// Returns a string or a number as text ("512MB", "1.5", "64"); `expected` is for the message.
  std::optional<Located<std::string>> text_or_number(std::string_view key, std::string_view expected);
  std::vector<Located<std::string>> strings(std::string_view key);
  /// Returns whether the key exists, with any type. Does not mark it as known.
  bool has(std::string_view key) const { return m_table->contains(key); }

  std::optional<TomlTable> table(std::string_view key);
  /// Returns an array of tables ([[mounts]]).
  std::vector<TomlTable> tables(std::string_view key);
  /// Returns all keys and marks them as known, for tables with user-defined keys ([env], [agents]).
  std::vector<Located<std::string>> keys();

  /// Reports unknown keys, with a suggestion.
  void finish();

  std::string where(std::string_view key) const; ///< place of the value, or of the table
  std::string where() const;                     ///< place of the table
  void mistake(std::string at, std::string message, std::string hint = {});
  /// Returns "network.allow_hosts".
  std::string full_name(std::string_view key) const;

private:
  const toml::table* m_table;

  const toml::node* find(std::string_view key);
  template <typename Read>
  auto get(std::string_view key, std::string_view expected, Read read) -> decltype(read(*m_table));
  const toml::array& list(std::string_view key, std::string_view expected);
  void wrong_type(const toml::node& node, std::string_view key, std::string_view expected);
  std::string place(const toml::source_region& source) const;

  std::string m_name;
  std::string m_file;
  policy::Diagnostics* m_diagnostics;
  std::vector<std::string> m_known;
};

/// Parses TOML text. If it is not valid TOML, adds a mistake with line and column and returns nothing.
std::optional<toml::table> parse_toml(std::string_view text, const std::string& file, policy::Diagnostics& diagnostics);

} // namespace agentbox::config
