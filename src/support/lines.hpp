// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>
#include <vector>

namespace agentbox::support {

/// Returns the parts of `text` between `separator`s, empty ones included: one more than there are separators. They
/// point into `text`.
inline std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t end = 0; (end = text.find(separator)) != std::string_view::npos; text.remove_prefix(end + 1)) {
    parts.push_back(text.substr(0, end));
  }
  parts.push_back(text);
  return parts;
}

/// Returns the lines of `text` without their newlines; a last line need not have one. They point into `text`.
inline std::vector<std::string_view> lines(std::string_view text) {
  std::vector<std::string_view> all = split(text, '\n');
  if (all.back().empty()) {
    all.pop_back();
  }
  return all;
}

/// Returns the words of `text`, between spaces, tabs, carriage returns and newlines. They point into `text`.
inline std::vector<std::string_view> words(std::string_view text) {
  constexpr std::string_view k_space = " \t\r\n";
  std::vector<std::string_view> all;
  for (std::size_t start = 0; (start = text.find_first_not_of(k_space)) != std::string_view::npos;) {
    text.remove_prefix(start);
    all.push_back(text.substr(0, text.find_first_of(k_space)));
    text.remove_prefix(all.back().size());
  }
  return all;
}

/// Returns `text` without the spaces, tabs, carriage returns and newlines at both ends.
inline std::string_view trim(std::string_view text) {
  constexpr std::string_view k_space = " \t\r\n";
  const std::size_t start = text.find_first_not_of(k_space);
  return start == std::string_view::npos ? std::string_view()
                                         : text.substr(start, text.find_last_not_of(k_space) - start + 1);
}

} // namespace agentbox::support
