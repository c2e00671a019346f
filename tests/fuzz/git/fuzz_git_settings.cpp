// SPDX-License-Identifier: Apache-2.0
// A Git configuration of a project: no bytes make the reader leave its bounds, and it finds no more than is there.
#include <set>
#include <string>

#include "git/effects.hpp"
#include "git/settings.hpp"
#include "git/shell_words.hpp"
#include "require.hpp"

using namespace agentbox::git;
using agentbox::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { // NOLINT(*-identifier-naming)
  constexpr std::size_t k_max = 32;
  const std::string text(agentbox::fuzz::text_of(data, size));
  std::size_t bytes = 0;
  bool exact = true;
  const auto mistake = read_settings(text, [&](const Setting& setting) {
    bytes += setting.value.size();
    require(setting.older_value.size() <= text.size() && full_name(setting).size() <= text.size() + 2,
            "values are pieces of the text");
    require(setting.has_value || setting.value.empty(), "no value is empty");
    require(exact || !setting.exact, "after a mistake nothing is exact");
    exact = setting.exact;
    static_cast<void>(effect_of(setting));
    static_cast<void>(is_true(setting));
    const auto words = command_words(setting.value, k_max);
    require(words.size() <= k_max && std::set(words.begin(), words.end()).size() == words.size(),
            "few, without duplicates");
    for (const std::string& word : words) {
      require(!word.empty() && word.size() <= setting.value.size(), "a word is a piece of the value");
      const std::string pattern = pattern_of(word);
      require(pattern.size() <= word.size() && pattern.find('$') == std::string::npos, "a pattern has no variables");
    }
  });
  require(bytes <= text.size(), "values are pieces of the text");
  require(exact || mistake, "a mistake has a line");
  return 0;
}
