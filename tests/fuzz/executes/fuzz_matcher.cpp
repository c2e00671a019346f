// SPDX-License-Identifier: Apache-2.0
// Paths that a box made: the matcher's lookup tables find the same as a comparison with every rule.
#include <algorithm>
#include <optional>
#include <string>

#include "executes/matcher.hpp"
#include "require.hpp"

using namespace agentbox::executes;
using agentbox::fuzz::require;

namespace {

/// Returns a path in which each byte from 128 on and the one after it are replaced by a rule's name, which no fuzzer
/// would guess.
std::string path_of(const std::uint8_t* data, std::size_t size) {
  std::string path;
  for (std::size_t i = 0; i < size; ++i) {
    if (data[i] < 0x80 || i + 1 == size) {
      path += static_cast<char>(data[i]);
    } else {
      path += rules()[(data[i] * 256U + data[i + 1]) % rules().size()].name;
      ++i;
    }
  }
  return path;
}

/// Matches by definition: "*" is nothing, or one byte and "*".
bool slow_matches(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) {
    return name.empty();
  }
  if (pattern.front() == '*') {
    return slow_matches(pattern.substr(1), name) || (!name.empty() && slow_matches(pattern, name.substr(1)));
  }
  return !name.empty() && pattern.front() == name.front() && slow_matches(pattern.substr(1), name.substr(1));
}

bool in_packages(const std::string& above) {
  for (const char* name : {"/bower_components/", "/dist-packages/", "/node_modules/", "/site-packages/", "/vendor/"}) {
    if (("/" + above + "/").find(name) != std::string::npos) {
      return true;
    }
  }
  return false;
}

/// A rule's name in two parts.
struct Named {
  Rule rule;
  std::string_view directory; ///< with a "/" at the end
  std::string_view pattern;
  bool glob = false;
};

const std::vector<Named>& named() {
  static const std::vector<Named> all = [] {
    std::vector<Named> made;
    for (const Rule& rule : rules()) {
      const std::size_t last = rule.name.find_last_of('/') + 1; // 0 without one
      const std::string_view pattern = rule.name.substr(last);
      made.push_back({rule, rule.name.substr(0, last), pattern, pattern.find('*') != std::string_view::npos});
    }
    return made;
  }();
  return all;
}

/// Returns whether the rule applies to `above` and `last`, the two parts of a path.
bool applies(const Named& one, std::string_view above, std::string_view last, bool whole) {
  if (one.glob ? !whole || !slow_matches(one.pattern, last) : one.pattern != last) {
    return false;
  }
  if (!above.ends_with(one.directory)) {
    return false;
  }
  const std::string_view rest = above.substr(0, above.size() - one.directory.size());
  return (rest.empty() || (!one.rule.top_only && rest.ends_with('/'))) &&
         (one.rule.treatment == Treatment::protect || !in_packages(std::string(rest)));
}

std::optional<Treatment> slow_find(std::string_view path) {
  std::optional<Treatment> best;
  for (std::size_t end = path.find('/');; end = path.find('/', end + 1)) {
    const bool whole = end == std::string_view::npos;
    const std::string_view part = path.substr(0, end);
    const std::size_t last = part.find_last_of('/') + 1;
    for (const Named& one : named()) {
      if ((!best || one.rule.treatment < *best) && applies(one, part.substr(0, last), part.substr(last), whole)) {
        best = one.rule.treatment;
      }
    }
    if (whole) {
      return best;
    }
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { // NOLINT(*-identifier-naming)
  constexpr std::size_t k_max_path = 80;
  static const Matcher matcher;
  const std::string path = path_of(data, size);
  if (path.size() > k_max_path) {
    return 0;
  }
  const Rule* found = matcher.find(path);
  const std::optional<Treatment> expected = slow_find(path);
  require((found != nullptr) == expected.has_value() && (found == nullptr || found->treatment == *expected),
          "the strictest rule is found");
  require(found == nullptr || found->treatment == Treatment::project || matcher.decides(path),
          "a directory with a rule decides");
  const auto middle = path.find('\n');
  if (middle != std::string::npos && std::count(path.begin(), path.end(), '*') < 4) {
    const std::string pattern = path.substr(0, middle);
    const std::string name = path.substr(middle + 1);
    require(matches(pattern, name) == slow_matches(pattern, name), "wildcards match by definition");
  }
  return 0;
}
