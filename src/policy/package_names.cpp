// SPDX-License-Identifier: Apache-2.0
#include "policy/package_names.hpp"

#include <cstddef>

namespace agentbox::policy {
namespace {

constexpr std::string_view k_alnum = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::size_t k_max_package_name = 100;

/// Returns whether `text` has only letters, digits and `more`, and at most `max` bytes.
bool consists_of(std::string_view text, std::string_view more, std::size_t max) {
  for (const char c : text) {
    if (k_alnum.find(c) == std::string_view::npos && more.find(c) == std::string_view::npos) {
      return false;
    }
  }
  return !text.empty() && text.size() <= max;
}

bool is_npm_part(std::string_view text) {
  constexpr std::size_t k_max_part = 80;
  return consists_of(text, "._-", k_max_part) && k_alnum.find(text.front()) != std::string_view::npos;
}

} // namespace

bool is_package_name(std::string_view text) {
  return consists_of(text, "+._-:@", k_max_package_name) && text.front() != '-';
}

bool is_npm_name(std::string_view text) {
  if (!text.starts_with('@')) {
    return is_npm_part(text);
  }
  const auto slash = text.find('/');
  return slash != std::string_view::npos && is_npm_part(text.substr(1, slash - 1)) &&
         is_npm_part(text.substr(slash + 1));
}

bool is_npm_package(std::string_view text) {
  const auto at = text.rfind('@');
  return at != std::string_view::npos && is_npm_name(text.substr(0, at)) &&
         consists_of(text.substr(at + 1), ".-+", k_max_package_name);
}

} // namespace agentbox::policy
