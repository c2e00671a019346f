// SPDX-License-Identifier: Apache-2.0
#include "executes/rules.hpp"

#include <algorithm>

namespace agentbox::executes {
namespace {

constexpr Rule k_rules[] = {
// NOLINT(*-avoid-c-arrays): its size is that of the generated list
#include "executes/rules.inc"
};

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size() + 1, width), ' ');
  return text;
}

} // namespace

std::span<const Rule> rules() {
  return k_rules;
}

std::size_t count_kinds() {
  return static_cast<std::size_t>(std::count_if(rules().begin(), rules().end(),
                                                [](const Rule& one) { return one.treatment != Treatment::project; }));
}

const std::vector<std::string>& protected_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    for (const Rule& one : rules()) {
      if (one.treatment == Treatment::protect) {
        list.emplace_back(one.name);
      }
    }
    return list;
  }();
  return names;
}

std::string list_text() {
  std::string text;
  for (const Rule& one : rules()) {
    text += padded((one.top_only ? "/" : "") + std::string(one.name), 36) +
            padded(std::string(k_treatment_words.at(static_cast<std::size_t>(one.treatment)).text), 24) +
            std::string(one.by) + ", " + std::string(k_when_words.at(static_cast<std::size_t>(one.when)).text) +
            (one.proven ? " (tested)\n" : "\n");
  }
  return text;
}

} // namespace agentbox::executes
