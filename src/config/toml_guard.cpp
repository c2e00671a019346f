// SPDX-License-Identifier: Apache-2.0
#include "config/toml_guard.hpp"

#include <algorithm>
#include <string>

namespace agentbox::config {
namespace {

constexpr std::size_t k_max_line = 4096;
constexpr std::string_view k_byte_order_mark = "\xEF\xBB\xBF";

bool is_ascii(char c) {
  return static_cast<unsigned char>(c) < 0x80;
}

/// Follows the grammar of TOML as far as needed to tell strings and comments from the rest. After a syntax error the
/// parser may look ahead, up to the end of a value: there a quote does not begin a string.
class Scanner {
public:
  explicit Scanner(std::string_view text) : m_text(text) {
    if (m_text.starts_with(k_byte_order_mark)) {
      m_at = k_byte_order_mark.size();
    }
  }

  /// Returns the offset of the first non-ASCII character outside strings and comments, or npos.
  std::size_t find() {
    while (m_at < m_text.size() && m_found == std::string_view::npos) {
      const char c = m_text[m_at];
      if (c == '#') {
        m_at = std::min(m_text.find('\n', m_at), m_text.size());
      } else if ((c == '"' || c == '\'') && m_expected != Expected::separator) {
        read_string(c);
        if (m_expected == Expected::value) {
          m_expected = Expected::separator;
        }
      } else {
        check();
        step(c);
        ++m_at;
      }
    }
    return m_found;
  }

private:
  /// The part of a line that the grammar allows next. `separator`: a value, or an error in its place, has begun.
  enum class Expected { key, value, separator };

  /// Takes a character that is neither in a string nor in a comment.
  void step(char c) {
    switch (c) {
    case ' ':
    case '\t':
    case '\r': return;
    case '\n': m_expected = m_open.empty() ? Expected::key : m_expected; return;
    case ',': m_expected = !m_open.empty() && m_open.back() == '[' ? Expected::value : Expected::key; return;
    case ']':
    case '}':
      if (!m_open.empty()) {
        m_open.pop_back();
        m_expected = Expected::separator;
      }
      return;
    default: break;
    }
    if (m_expected == Expected::value) {
      const bool opens = c == '[' || c == '{';
      if (opens) {
        m_open.push_back(c);
      }
      m_expected = c == '{' ? Expected::key : opens ? Expected::value : Expected::separator;
    } else if (m_expected == Expected::key && c == '=') {
      m_expected = Expected::value;
    }
  }

  void check() {
    if (m_at < m_text.size() && !is_ascii(m_text[m_at]) && m_found == std::string_view::npos) {
      m_found = m_at;
    }
  }

  bool has_three(char quote) const {
    return m_text.substr(m_at, 3) == std::string_view(quote == '"' ? R"(""")" : "'''");
  }

  void read_string(char quote) {
    const bool is_long = has_three(quote);
    m_at += is_long ? 3 : 1;
    while (m_at < m_text.size()) {
      const char c = m_text[m_at];
      if (c == '\\' && quote == '"') {
        read_escape();
      } else if (is_long && has_three(quote)) {
        m_at += 3;
        // Up to two more quotes belong to the end of the string.
        for (int more = 0; more < 2 && m_at < m_text.size() && m_text[m_at] == quote; ++more) {
          ++m_at;
        }
        return;
      } else if (!is_long && (c == quote || c == '\n')) {
        ++m_at;
        return;
      } else {
        ++m_at;
      }
    }
  }

  /// Skips a backslash and the escaped character, or the white space of a line that it ends.
  void read_escape() {
    ++m_at;
    const std::size_t start = m_at;
    m_at = std::min(m_text.find_first_not_of(" \t\r\n", m_at), m_text.size());
    check();
    if (m_at == start && m_at < m_text.size()) {
      ++m_at; // the escaped character itself, which may be a quote
    }
  }

  std::string_view m_text;
  std::size_t m_at = 0;
  Expected m_expected = Expected::key;
  std::string m_open; ///< the brackets of the arrays and inline tables that are open
  std::size_t m_found = std::string_view::npos;
};

std::optional<TomlHazard> find_long_line(std::string_view text) {
  for (std::size_t line = 1;; ++line) {
    const auto end = text.find('\n');
    if (text.substr(0, end).size() > k_max_line) {
      return TomlHazard{line, 1, "the line is longer than 4096 bytes",
                        "write long lists over several lines, or use allow_file"};
    }
    if (end == std::string_view::npos) {
      return std::nullopt;
    }
    text.remove_prefix(end + 1);
  }
}

} // namespace

std::optional<TomlHazard> find_toml_hazard(std::string_view text) {
  if (auto hazard = find_long_line(text)) {
    return hazard;
  }
  const std::size_t offset = Scanner(text).find();
  if (offset == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view before = text.substr(0, offset);
  const auto line = static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')) + 1;
  const auto line_start = before.rfind('\n');
  const std::size_t column = line_start == std::string_view::npos ? offset + 1 : offset - line_start;
  return TomlHazard{line, column, "a non-ASCII character is only allowed in a string or a comment", "put it in quotes"};
}

} // namespace agentbox::config
