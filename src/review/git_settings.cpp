// SPDX-License-Identifier: Apache-2.0
#include "review/git_settings.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

namespace agentbox::review {
namespace {

constexpr std::size_t k_most_keys = 16;

/// SECTION.KEY, each in lower case; "*" for any. After git-config(1).
struct Commanding {
  std::string_view section;
  std::string_view key;
};

constexpr std::array k_commanding = {
    Commanding{"alias", "*"},
    Commanding{"browser", "*"},
    Commanding{"core", "alternaterefscommand"},
    Commanding{"core", "askpass"},
    Commanding{"core", "attributesfile"},
    Commanding{"core", "editor"},
    Commanding{"core", "excludesfile"},
    Commanding{"core", "fsmonitor"},
    Commanding{"core", "gitproxy"},
    Commanding{"core", "hookspath"},
    Commanding{"core", "pager"},
    Commanding{"core", "sshcommand"},
    Commanding{"core", "worktree"},
    Commanding{"credential", "*"},
    Commanding{"diff", "command"},
    Commanding{"diff", "external"},
    Commanding{"diff", "textconv"},
    Commanding{"difftool", "*"},
    Commanding{"extensions", "*"},
    Commanding{"filter", "*"},
    Commanding{"gpg", "*"},
    Commanding{"guitool", "*"},
    Commanding{"hook", "*"},
    Commanding{"http", "proxy"},
    Commanding{"http", "sslverify"},
    Commanding{"include", "*"},
    Commanding{"includeif", "*"},
    Commanding{"init", "templatedir"},
    Commanding{"instaweb", "*"},
    Commanding{"interactive", "difffilter"},
    Commanding{"man", "*"},
    Commanding{"merge", "driver"},
    Commanding{"mergetool", "*"},
    Commanding{"pager", "*"},
    Commanding{"protocol", "*"},
    Commanding{"remote", "proxy"},
    Commanding{"remote", "receivepack"},
    Commanding{"remote", "uploadpack"},
    Commanding{"remote", "vcs"},
    Commanding{"safe", "*"},
    Commanding{"sendemail", "*"},
    Commanding{"sequence", "editor"},
    Commanding{"submodule", "update"},
    Commanding{"tar", "command"},
    Commanding{"trailer", "*"},
    Commanding{"uploadpack", "packobjectshook"},
    Commanding{"url", "*"},
    Commanding{"web", "*"},
};

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](unsigned char c) { return std::tolower(c); });
  return result;
}

bool is_key_byte(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-';
}

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0) {
    text.remove_prefix(1);
  }
  return text;
}

/// Takes `[section "name"]` off `line`; the section's name, or empty when there is none.
std::string take_section(std::string_view& line) {
  const auto end = line.find(']'); // in a quoted name as well: then too much is read as keys, never too little
  std::string_view header = line.substr(1, end == std::string_view::npos ? end : end - 1);
  line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
  header = without_blanks(header);
  return lower(header.substr(0, header.find_first_of(" \t.\"")));
}

} // namespace

std::vector<std::string> commanding_keys(std::string_view config) {
  std::set<std::string> found;
  std::string section;
  while (!config.empty() && found.size() < k_most_keys) {
    const auto end = config.find('\n');
    std::string_view line = without_blanks(config.substr(0, end));
    config.remove_prefix(end == std::string_view::npos ? config.size() : end + 1);
    while (!line.empty() && line.front() == '[') {
      section = take_section(line);
      line = without_blanks(line); // "[core] fsmonitor = x" is one line
    }
    const auto length =
        static_cast<std::size_t>(std::find_if_not(line.begin(), line.end(), is_key_byte) - line.begin());
    const std::string key = lower(line.substr(0, length));
    if (key.empty()) {
      continue;
    }
    for (const auto& [wanted_section, wanted_key] : k_commanding) {
      if (section == wanted_section && (wanted_key == "*" || wanted_key == key)) {
        found.insert(section + "." + key);
      }
    }
  }
  return {found.begin(), found.end()};
}

bool holds_commands(std::string_view todo) {
  while (!todo.empty()) {
    const auto end = todo.find('\n');
    const std::string_view line = without_blanks(todo.substr(0, end));
    todo.remove_prefix(end == std::string_view::npos ? todo.size() : end + 1);
    const std::string_view word = line.substr(0, line.find_first_of(" \t\r"));
    if (word == "exec" || word == "x") {
      return true;
    }
  }
  return false;
}

bool names_drivers(std::string_view attributes) {
  constexpr std::array<std::string_view, 3> k_words = {"filter=", "diff=", "merge="};
  return std::any_of(k_words.begin(), k_words.end(),
                     [&](std::string_view word) { return attributes.find(word) != std::string_view::npos; });
}

} // namespace agentbox::review
