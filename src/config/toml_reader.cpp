// SPDX-License-Identifier: Apache-2.0
#include "config/toml_reader.hpp"

#include <algorithm>
#include <sstream>

#include "config/toml_guard.hpp"
#include "support/text.hpp"

namespace agentbox::config {
namespace {

std::string_view type_name(const toml::node& node) {
  switch (node.type()) {
  case toml::node_type::table: return "a table";
  case toml::node_type::array: return "a list";
  case toml::node_type::string: return "a string";
  case toml::node_type::integer: return "a whole number";
  case toml::node_type::floating_point: return "a number";
  case toml::node_type::boolean: return "true or false";
  case toml::node_type::date: return "a date";
  case toml::node_type::time: return "a time";
  case toml::node_type::date_time: return "a date and time";
  case toml::node_type::none: break;
  }
  return "nothing";
}

std::string place_of(const std::string& file, const toml::source_position& position) {
  return file + ":" + std::to_string(position.line) + ":" + std::to_string(position.column);
}

/// Returns a number as text, without trailing zeros.
std::string number_text(double value) {
  std::ostringstream text;
  text.imbue(std::locale::classic());
  text.precision(15);
  text << value;
  return text.str();
}

} // namespace

std::optional<toml::table> parse_toml(std::string_view text, const std::string& file,
                                      policy::Diagnostics& diagnostics) {
  if (const auto hazard = find_toml_hazard(text)) {
    const auto& [line, column, message, hint] = *hazard;
    diagnostics.push_back(
        {file + ":" + std::to_string(line) + ":" + std::to_string(column), std::string(message), std::string(hint)});
    return std::nullopt;
  }
  constexpr std::string_view k_hint = "agentbox-config(5) describes the file; agentbox init writes one";
  try {
    return toml::table(toml::parse(text));
  } catch (const toml::parse_error& error) {
    diagnostics.push_back({place_of(file, error.source().begin),
                           "not valid TOML: " + support::escape_untrusted(error.description()), std::string(k_hint)});
  } catch (const TomlAssertion&) {
    diagnostics.push_back({file + ":1:1", "not valid TOML", std::string(k_hint)});
  }
  return std::nullopt;
}

std::string TomlTable::place(const toml::source_region& source) const {
  return place_of(m_file, source.begin);
}

std::string TomlTable::where() const {
  return place(m_table->source());
}

std::string TomlTable::where(std::string_view key) const {
  const toml::node* node = m_table->get(key);
  return place(node == nullptr ? m_table->source() : node->source());
}

std::string TomlTable::full_name(std::string_view key) const {
  return m_name.empty() ? std::string(key) : m_name + "." + std::string(key);
}

void TomlTable::mistake(std::string at, std::string message, std::string hint) {
  m_diagnostics->push_back({std::move(at), std::move(message), std::move(hint)});
}

const toml::node* TomlTable::find(std::string_view key) {
  m_known.emplace_back(key);
  return m_table->get(key);
}

void TomlTable::wrong_type(const toml::node& node, std::string_view key, std::string_view expected) {
  mistake(place(node.source()),
          full_name(key) + " must be " + std::string(expected) + ", not " + std::string(type_name(node)));
}

/// Returns what `read` makes of the value of `key`; nothing if there is no value, or, after a mistake, if `read`
/// returns nothing.
template <typename Read>
auto TomlTable::get(std::string_view key, std::string_view expected, Read read) -> decltype(read(*m_table)) {
  const toml::node* node = find(key);
  if (node == nullptr) {
    return {};
  }
  auto value = read(*node);
  if (!value) {
    wrong_type(*node, key, expected);
  }
  return value;
}

std::optional<Located<std::string>> TomlTable::string(std::string_view key) {
  return get(key, "a string", [&](const toml::node& node) {
    const auto* value = node.as_string();
    return value == nullptr ? std::nullopt : std::optional(Located<std::string>{value->get(), place(node.source())});
  });
}

std::optional<Located<bool>> TomlTable::boolean(std::string_view key) {
  return get(key, "true or false", [&](const toml::node& node) {
    const auto* value = node.as_boolean();
    return value == nullptr ? std::nullopt : std::optional(Located<bool>{value->get(), place(node.source())});
  });
}

std::optional<Located<std::string>> TomlTable::text_or_number(std::string_view key, std::string_view expected) {
  return get(key, expected, [&](const toml::node& node) -> std::optional<Located<std::string>> {
    const std::string where = place(node.source());
    if (const auto* text = node.as_string()) {
      return Located<std::string>{text->get(), where};
    }
    if (const auto* number = node.as_integer()) {
      return Located<std::string>{std::to_string(number->get()), where};
    }
    if (const auto* number = node.as_floating_point()) {
      return Located<std::string>{number_text(number->get()), where};
    }
    return std::nullopt;
  });
}

std::vector<Located<std::string>> TomlTable::strings(std::string_view key) {
  constexpr std::string_view k_expected = "a list of strings";
  std::vector<Located<std::string>> result;
  for (const toml::node& item : list(key, k_expected)) {
    if (const auto* value = item.as_string()) {
      result.push_back({value->get(), place(item.source())});
    } else {
      wrong_type(item, key, k_expected);
    }
  }
  return result;
}

const toml::array& TomlTable::list(std::string_view key, std::string_view expected) {
  static const toml::array empty;
  const auto found = get(key, expected, [](const toml::node& node) {
    const toml::array* list = node.as_array();
    return list == nullptr ? std::nullopt : std::optional(list);
  });
  return found ? **found : empty;
}

std::optional<TomlTable> TomlTable::table(std::string_view key) {
  return get(key, "a table ([" + full_name(key) + "])", [&](const toml::node& node) {
    const toml::table* inner = node.as_table();
    return inner == nullptr ? std::nullopt : std::optional(TomlTable(*inner, full_name(key), m_file, *m_diagnostics));
  });
}

std::vector<TomlTable> TomlTable::tables(std::string_view key) {
  std::vector<TomlTable> result;
  const std::string expected = "a list of tables ([[" + full_name(key) + "]])";
  for (const toml::node& item : list(key, expected)) {
    if (const toml::table* inner = item.as_table()) {
      result.emplace_back(*inner, full_name(key), m_file, *m_diagnostics);
    } else {
      wrong_type(item, key, expected);
    }
  }
  return result;
}

std::vector<Located<std::string>> TomlTable::keys() {
  std::vector<Located<std::string>> result;
  for (const auto& [key, node] : *m_table) {
    m_known.emplace_back(key.str());
    result.push_back({std::string(key.str()), place(key.source())});
  }
  return result;
}

void TomlTable::finish() {
  for (const auto& [key, node] : *m_table) {
    if (std::find(m_known.begin(), m_known.end(), key.str()) == m_known.end()) {
      mistake(place(key.source()),
              "unknown key " + support::in_quotes(full_name(key.str()), 80) +
                  support::did_you_mean(std::string(key.str()).substr(0, 64), m_known),
              m_name.empty() ? "" : "[" + m_name + "] has: " + support::join(m_known, ", "));
    }
  }
}

} // namespace agentbox::config
