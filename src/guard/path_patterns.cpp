// SPDX-License-Identifier: Apache-2.0
#include "guard/path_patterns.hpp"

#include <algorithm>
#include <array>

#include "executes/matcher.hpp"
#include "git/layout.hpp"
#include "git/shell_words.hpp"
#include "support/error.hpp"

namespace agentbox::guard {
namespace {

/// Returns whether `path` is a program, or a script for a shell to read.
bool is_program(const Walk& walk, const std::string& path) {
  constexpr std::array<std::string_view, 4> k_shells = {".sh", ".bash", ".zsh", ".ksh"};
  return (walk.mode_of(path) & 0111U) != 0 ||
         std::any_of(k_shells.begin(), k_shells.end(), [&](std::string_view end) { return path.ends_with(end); });
}

} // namespace

std::vector<std::string> paths_like(const Walk& walk, std::string_view word) {
  constexpr std::size_t k_max_paths = 64;
  constexpr std::size_t k_max_names = 4096;
  const std::string pattern = git::pattern_of(word);
  const auto slash = pattern.find('/');
  const auto last = pattern.substr(pattern.find_last_of('/') + 1);
  if (pattern.find('*') == std::string::npos || slash == 0 || slash == std::string::npos || pattern.find('*') < slash ||
      last.find_first_not_of("*.") == std::string::npos) {
    return {};
  }
  std::vector<std::string> found = {""};
  for (std::size_t at = 0; at < pattern.size();) {
    const std::size_t end = std::min(pattern.find('/', at), pattern.size());
    const std::string part = pattern.substr(at, end - at);
    at = end + 1;
    if (part == "..") {
      return {};
    }
    if (part.empty() || part == ".") {
      continue;
    }
    std::vector<std::string> next;
    for (const std::string& directory : found) {
      if (part.find('*') == std::string::npos) {
        next.push_back(git::join(directory, part));
        continue;
      }
      try {
        for (const std::string& name : walk.names_in(directory, k_max_names)) {
          if (executes::matches(part, name)) {
            next.push_back(git::join(directory, name));
          }
        }
      } catch (const support::Error&) {
        continue; // behind a link
      }
    }
    if (next.size() > k_max_paths) {
      return {};
    }
    found = std::move(next);
  }
  if (word.find('$') == std::string_view::npos) {
    std::erase_if(found, [&](const std::string& path) { return !is_program(walk, path); });
  }
  return found;
}

} // namespace agentbox::guard
