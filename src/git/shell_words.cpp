// SPDX-License-Identifier: Apache-2.0
#include "git/shell_words.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace agentbox::git {
namespace {

constexpr std::size_t k_max_word = 4096;

bool is_one_of(char c, std::string_view bytes) {
  return bytes.find(c) != std::string_view::npos;
}

bool is_name_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

class WordList {
public:
  explicit WordList(std::size_t max) : m_max(max) {}

  bool full() const { return m_list.size() >= m_max; }

  /// Adds a path. `command`: a shell looks a word without a slash up in PATH, so it is not a path.
  void add(std::string_view word, bool command) {
    const bool is_path = !command || word.find('/') != std::string_view::npos;
    if (is_path && !word.empty() && word.size() <= k_max_word && !full() && m_seen.insert(std::string(word)).second) {
      m_list.emplace_back(word);
    }
  }

  std::vector<std::string> list() { return std::move(m_list); }

private:
  std::size_t m_max;
  std::set<std::string> m_seen;
  std::vector<std::string> m_list;
};

/// Splits as a shell does: text in quotes stays in one word.
void add_joined(std::string_view command, WordList& words) {
  std::string word;
  char quote = '\0';
  bool first = true; // a command is expected
  const auto end_word = [&] {
    words.add(word, first);
    const auto equals = word.find('=');
    if (equals != std::string::npos) {
      words.add(std::string_view(word).substr(equals + 1), false);
    }
    first = first && (word.empty() || word == "{" || word == "!" || equals != std::string::npos);
    word.clear();
  };
  for (std::size_t at = 0; at < command.size() && !words.full(); ++at) {
    const char c = command[at];
    if (quote == '\0' && is_one_of(c, " \t\r\n;&|<>()`")) {
      end_word();
      first = first || is_one_of(c, "\n;&|(`");
    } else if (c == quote) {
      quote = '\0';
    } else if (quote == '\0' && (c == '"' || c == '\'')) {
      quote = c;
    } else if (c == '\\' && quote != '\'' && at + 1 < command.size()) {
      word += command[++at];
    } else {
      word += c;
    }
  }
  end_word();
}

/// Cuts wherever a word may end, including in quotes and after a variable.
void add_pieces(std::string_view command, WordList& words) {
  std::string_view rest = command;
  bool first = true;
  bool assigned = false; // after NAME=
  bool expanded = false; // a variable or $(…) is right before
  while (!rest.empty() && !words.full()) {
    const auto length = std::min(rest.find_first_of(" \t\r\n;&|<>()`\"'\\${}=,!:"), rest.size());
    std::string_view piece = rest.substr(0, length);
    words.add(piece, first);
    while (expanded && piece.starts_with('/')) {
      piece.remove_prefix(1);
    }
    words.add(piece, first && !expanded);
    if (length == rest.size()) {
      return;
    }
    const char end = rest[length];
    rest.remove_prefix(length + 1);
    // "$(…)"/x: a quote in between does not end the word.
    expanded = end == ')' || end == '}' || end == '`' || (end == '"' && expanded && length == 0);
    const bool assigns = first && end == '=';
    first = is_one_of(end, "\n;&|(`\"'{!$") || (first && (length == 0 || assigns || assigned));
    assigned = assigns;
    if (end == '$') {
      while (!rest.empty() && is_name_byte(rest.front())) {
        rest.remove_prefix(1);
        expanded = true;
      }
    }
  }
}

} // namespace

std::vector<std::string> command_words(std::string_view command, std::size_t max) {
  WordList words(max);
  words.add(command, true); // the path of a program may contain spaces
  add_joined(command, words);
  add_pieces(command, words);
  return words.list();
}

std::string pattern_of(std::string_view word) {
  std::string pattern;
  for (std::size_t at = 0; at < word.size(); ++at) {
    const char c = word[at];
    if (c == '?') {
      pattern += '*';
    } else if (c == '[') {
      pattern += '*';
      at = std::min(word.find(']', at), word.size());
    } else if (c == '$') {
      pattern += '*';
      if (at + 1 < word.size() && word[at + 1] == '{') {
        at = std::min(word.find('}', at), word.size());
      } else if (at + 1 < word.size() && !is_name_byte(word[at + 1]) && word[at + 1] != '/') {
        ++at; // $@
      }
      while (at + 1 < word.size() && word[at] != '}' && is_name_byte(word[at + 1])) {
        ++at;
      }
    } else {
      pattern += c;
    }
  }
  return pattern;
}

} // namespace agentbox::git
