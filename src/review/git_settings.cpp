// SPDX-License-Identifier: Apache-2.0
#include "review/git_settings.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

#include "git/effects.hpp"
#include "git/settings.hpp"

namespace agentbox::review {
namespace {

constexpr std::size_t k_max_keys = 16;

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0) {
    text.remove_prefix(1);
  }
  return text;
}

} // namespace

std::vector<std::string> commanding_keys(std::string_view config) {
  std::set<std::string> found;
  git::read_settings(config, [&](const git::Setting& setting) {
    if (found.size() < k_max_keys && git::effect_of(setting) != git::Effect::none) {
      found.insert(std::string(setting.section) + "." + std::string(setting.key));
    }
  });
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

bool names_own_strategy(std::string_view options) {
  bool own = false;
  git::read_settings(options, [&](const git::Setting& setting) {
    own = own || (setting.key == "strategy" && setting.value.find('/') != std::string_view::npos);
  });
  return own;
}

bool names_drivers(std::string_view attributes) {
  constexpr std::array<std::string_view, 3> k_words = {"filter=", "diff=", "merge="};
  return std::any_of(k_words.begin(), k_words.end(),
                     [&](std::string_view word) { return attributes.find(word) != std::string_view::npos; });
}

} // namespace agentbox::review
