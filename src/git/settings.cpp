// SPDX-License-Identifier: Apache-2.0
#include "git/settings.hpp"

#include <algorithm>

namespace agentbox::git {
namespace {

// Git's own character classes: ASCII in every locale.
bool is_blank(int c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool is_letter(int c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_key_byte(int c) {
  return is_letter(c) || (c >= '0' && c <= '9') || c == '-';
}

char lower(int c) {
  return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

class SettingsReader {
public:
  SettingsReader(std::string_view text, const std::function<void(const Setting&)>& visit)
      : m_text(text), m_visit(visit) {}

  std::optional<std::size_t> read() {
    skip_mark();
    while (!m_over) {
      const int c = next();
      if (is_blank(c)) {
        continue;
      }
      if (c == '#' || c == ';') {
        skip_line();
      } else if (c == '[') {
        header();
      } else if (is_letter(c)) {
        setting(c);
      } else {
        mistake();
        skip_line();
      }
    }
    return m_mistake;
  }

private:
  /// Returns the next byte, CR LF as LF; LF and m_over at the end.
  int next() {
    if (m_at >= m_text.size()) {
      m_over = true;
      return '\n';
    }
    m_at += m_text[m_at] == '\r' && m_at + 1 < m_text.size() && m_text[m_at + 1] == '\n' ? 1 : 0;
    const int c = static_cast<unsigned char>(m_text[m_at++]);
    m_line += c == '\n' ? 1 : 0;
    return c;
  }

  void back() { // the previous byte, which does not end a line, is read again
    m_at -= m_over ? 0 : 1;
  }

  void mistake() { m_mistake = m_mistake.value_or(m_line); }

  void skip_line() {
    while (!m_over && m_text[m_at - 1] != '\n') {
      next();
    }
  }

  /// Skips a byte order mark; an incomplete one is a mistake.
  void skip_mark() {
    constexpr std::string_view k_mark = "\xEF\xBB\xBF";
    if (m_text.starts_with(k_mark)) {
      m_at = k_mark.size();
    } else if (m_text.starts_with(k_mark.front())) {
      mistake();
      next();
      skip_line();
    }
  }

  /// Parses `[name]`, `[name.part]`, `[name "part"]`
  void header() {
    m_name.clear();
    const std::size_t start = m_at;
    int c = next();
    while (is_key_byte(c) || c == '.') {
      m_name += lower(c);
      c = next();
    }
    if (c == ']' && !m_name.empty()) {
      return;
    }
    if (is_blank(c) && c != '\n' && quoted_part()) {
      return;
    }
    mistake();
    guess_header(start);
  }

  /// Parses ` "part"]`, after the first blank.
  bool quoted_part() {
    int c = next();
    while (is_blank(c) && c != '\n') {
      c = next();
    }
    if (c != '"') {
      return false;
    }
    m_name += '.';
    for (c = next(); c != '"'; c = next()) {
      c = c == '\\' ? next() : c;
      if (c == '\n') {
        return false;
      }
      m_name += static_cast<char>(c);
    }
    return next() == ']';
  }

  /// Guesses how a lenient reader interprets `[ core ]`, `[core` and the like. Continues after the bracket, or with the
  /// next line.
  void guess_header(std::size_t start) {
    const auto end = std::min(m_text.find_first_of("]\n", start), m_text.size());
    const std::string_view line = m_text.substr(start, end - start);
    m_name.clear();
    for (const char c : line.substr(std::min(line.find_first_not_of(" \t\r"), line.size()))) {
      if (!is_key_byte(static_cast<unsigned char>(c))) {
        break;
      }
      m_name += lower(static_cast<unsigned char>(c));
    }
    m_at = std::max(m_at, std::min(end + 1, m_text.size())); // what was read is not read again: time is bounded
  }

  void setting(int first) {
    m_key.assign(1, lower(first));
    int c = next();
    while (!m_over && is_key_byte(c)) {
      m_key += lower(c);
      c = next();
    }
    while (c == ' ' || c == '\t') {
      c = next();
    }
    m_value.clear();
    m_older.clear();
    if (c == '\n') {
      emit(false);
    } else if (c == '=') {
      value();
      emit(true);
    } else { // "key # comment": an error for Git
      mistake();
      back();
      skip_to_next_line();
      emit(false);
    }
  }

  void skip_to_next_line() {
    while (next() != '\n') {
    }
  }

  void value() {
    std::string blanks; // between words, dropped at the end
    bool quoted = false;
    for (int c = next(); c != '\n'; c = next()) {
      if (is_blank(c) && !quoted) {
        if (!m_value.empty()) {
          blanks += static_cast<char>(c);
        }
        continue;
      }
      if (!quoted && (c == ';' || c == '#')) {
        skip_to_next_line();
        break;
      }
      m_value += blanks;
      m_older.append(blanks.size(), ' ');
      blanks.clear();
      if (c == '\\') {
        escaped();
      } else if (c == '"') {
        quoted = !quoted;
      } else {
        m_value += static_cast<char>(c);
        m_older += static_cast<char>(c);
      }
      // A line that ends within quotes is a mistake, and the end of the value.
    }
    if (quoted) {
      mistake();
    }
  }

  void escaped() {
    int c = next();
    switch (c) {
    case '\n': return; // the value continues
    case 't': c = '\t'; break;
    case 'b': c = '\b'; break;
    case 'n': c = '\n'; break;
    case '\\':
    case '"': break;
    default: mistake();
    }
    m_value += static_cast<char>(c);
    m_older += static_cast<char>(c);
  }

  // Git passes names and values on as C strings: a NUL ends them.
  void emit(bool has_value) const {
    std::string_view name = m_name;
    Setting setting;
    setting.key = m_key;
    if (const auto nul = name.find('\0'); nul != std::string_view::npos) {
      const auto last = name.substr(0, nul).find_last_of('.'); // a name with a NUL has a quoted part
      setting.key = name.substr(last + 1, nul - last - 1);
      name = name.substr(0, last);
    }
    const auto dot = name.find('.');
    setting.section = name.substr(0, dot);
    if (dot != std::string_view::npos) {
      setting.subsection = name.substr(dot + 1);
    }
    setting.has_value = has_value;
    setting.value = std::string_view(m_value).substr(0, m_value.find('\0'));
    setting.older_value = std::string_view(m_older).substr(0, m_older.find('\0'));
    setting.exact = !m_mistake;
    m_visit(setting);
  }

  std::string_view m_text;
  const std::function<void(const Setting&)>& m_visit;
  std::size_t m_at = 0;
  std::size_t m_line = 1;
  bool m_over = false;
  std::optional<std::size_t> m_mistake;
  std::string m_name; ///< of the section: "core", "remote.origin"
  std::string m_key;
  std::string m_value;
  std::string m_older;
};

} // namespace

std::string full_name(const Setting& setting) {
  std::string name(setting.section);
  if (setting.subsection) {
    name.append(".").append(*setting.subsection);
  }
  return name.append(name.empty() ? "" : ".").append(setting.key);
}

std::optional<std::size_t> read_settings(std::string_view text, const std::function<void(const Setting&)>& visit) {
  return SettingsReader(text, visit).read();
}

bool is_true(const Setting& setting) {
  if (!setting.has_value) {
    return true;
  }
  std::string word(setting.value);
  std::transform(word.begin(), word.end(), word.begin(), lower);
  const bool is_number = !word.empty() && word.find_first_not_of("+-0123456789kmg") == std::string::npos;
  return word == "yes" || word == "on" || word == "true" ||
         (is_number && word.find_first_of("123456789") != std::string::npos);
}

} // namespace agentbox::git
