// SPDX-License-Identifier: Apache-2.0
#include "review/git_settings.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "git/effects.hpp"
#include "git/settings.hpp"
#include "support/lines.hpp"

namespace agentbox::review {
namespace {

constexpr std::size_t k_max_keys = 16;

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
  const auto lines = support::lines(todo);
  return std::any_of(lines.begin(), lines.end(), [](std::string_view line) {
    const auto words = support::words(line);
    return !words.empty() && (words.front() == "exec" || words.front() == "x");
  });
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
