// SPDX-License-Identifier: Apache-2.0
#include "session/git_leads.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <optional>
#include <set>

#include "session/git_folders.hpp"

namespace agentbox::session {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t k_most_bytes = 1U << 20U;

bool is_key_byte(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-';
}

/// A reader of Git's configuration format.
class Reader {
public:
  explicit Reader(std::string_view text) : m_text(text) {}

  std::vector<std::pair<std::string, std::string>> read() {
    constexpr std::string_view k_mark = "\xEF\xBB\xBF";
    m_at = m_text.starts_with(k_mark) ? k_mark.size() : 0;
    while (m_at < m_text.size()) {
      const char c = m_text[m_at];
      if (c == '[') {
        header();
      } else if (is_key_byte(c)) {
        setting();
      } else if (std::isspace(static_cast<unsigned char>(c)) != 0) {
        ++m_at;
      } else {
        m_at = std::min(m_text.find('\n', m_at), m_text.size()); // a comment, or nonsense
      }
    }
    return std::move(m_settings);
  }

private:
  std::string word() {
    std::string result;
    while (m_at < m_text.size() && is_key_byte(m_text[m_at])) {
      result += static_cast<char>(std::tolower(static_cast<unsigned char>(m_text[m_at++])));
    }
    return result;
  }

  void header() {
    ++m_at;
    m_section = word();
    bool quoted = false;
    for (; m_at < m_text.size() && m_text[m_at] != '\n'; ++m_at) {
      const char c = m_text[m_at];
      if (c == ']' && !quoted) {
        ++m_at;
        return;
      }
      quoted = c == '"' ? !quoted : quoted;
      m_at += c == '\\' && quoted ? 1 : 0;
    }
  }

  void blanks() { m_at = std::min(m_text.find_first_not_of(" \t\r", m_at), m_text.size()); }

  void setting() {
    const std::string key = m_section + "." + word();
    blanks();
    if (m_at < m_text.size() && m_text[m_at] == '=') {
      ++m_at;
      blanks();
      m_settings.emplace_back(key, value());
    }
  }

  std::string value() {
    std::string result;
    std::size_t kept = 0; // up to the last byte that is no blank outside quotes
    bool quoted = false;
    for (; m_at < m_text.size() && m_text[m_at] != '\n'; ++m_at) {
      char c = m_text[m_at];
      if (!quoted && (c == '#' || c == ';')) {
        m_at = std::min(m_text.find('\n', m_at), m_text.size());
        break;
      }
      if (c == '"') {
        quoted = !quoted;
        kept = result.size();
        continue;
      }
      if (c == '\\' && m_at + 1 < m_text.size()) {
        c = m_text[++m_at];
        m_at += c == '\r' && m_text.substr(m_at + 1, 1) == "\n" ? 1 : 0;
        if (m_text[m_at] == '\n') {
          continue; // the value goes on
        }
        c = c == 'n' ? '\n' : c == 't' ? '\t' : c;
        result += c;
        kept = result.size();
        continue;
      }
      result += c;
      kept = quoted || std::isspace(static_cast<unsigned char>(c)) == 0 ? result.size() : kept;
    }
    result.resize(kept);
    return result;
  }

  std::string_view m_text;
  std::size_t m_at = 0;
  std::string m_section;
  std::vector<std::pair<std::string, std::string>> m_settings;
};

/// `value` below the root, where it is relative to `base`; nothing when it leads elsewhere, or is the root.
std::optional<std::string> below(const fs::path& root, const std::string& base, const std::string& value) {
  if (value.empty() || value.front() == '~' || value.front() == '%' || value.find('\0') != std::string::npos) {
    return std::nullopt;
  }
  const bool absolute = value.front() == '/';
  const fs::path whole(value);
  const fs::path path =
      absolute ? whole.lexically_normal().lexically_relative(root) : (base / whole).lexically_normal();
  std::string text = path.string();
  if (text.ends_with('/')) {
    text.pop_back();
  }
  return text.empty() || text == "." || *path.begin() == ".." ? std::nullopt : std::optional(text);
}

} // namespace

std::vector<std::pair<std::string, std::string>> git_settings(std::string_view config) {
  return Reader(config).read();
}

std::vector<std::string> led_to(const Walk& walk, const std::string& git) {
  std::set<std::string> found;
  std::vector<std::string> files = {git_path(git, "config"), git_path(git, "config.worktree")};
  for (std::size_t next = 0; next < files.size(); ++next) {
    const std::string file = files[next];
    const std::string folder = fs::path(file).parent_path().string();
    const std::string config = walk.read(file, k_most_bytes).value_or("");
    for (const auto& [key, value] : git_settings(config)) {
      const bool includes = key == "include.path" || key == "includeif.path";
      if (found.size() == k_most_leads || (!includes && key != "core.hookspath")) {
        continue;
      }
      // Hooks run at the top of the working tree, or in a bare repository.
      const auto path = below(walk.root(), includes ? folder : std::string(), value);
      if (path && found.insert(*path).second && includes) {
        files.push_back(*path);
      }
    }
  }
  return {found.begin(), found.end()};
}

} // namespace agentbox::session
