// SPDX-License-Identifier: Apache-2.0
#include "support/os_release.hpp"

#include "support/lines.hpp"

namespace agentbox::support {
namespace {

std::string_view unquoted(std::string_view value) {
  const bool quoted =
      value.size() >= 2 && (value.front() == '"' || value.front() == '\'') && value.back() == value.front();
  return quoted ? value.substr(1, value.size() - 2) : value;
}

} // namespace

OsRelease parse_os_release(std::string_view text) {
  OsRelease release;
  std::string_view id;
  std::string_view like;
  for (const std::string_view line : lines(text)) {
    const std::size_t equals = line.find('=');
    const std::string_view key = line.substr(0, equals);
    const std::string_view value = equals == std::string_view::npos ? "" : unquoted(trim(line.substr(equals + 1)));
    if (key == "ID") {
      id = value;
    } else if (key == "ID_LIKE") {
      like = value;
    } else if (key == "PRETTY_NAME") {
      release.name = value;
    }
  }
  release.ids.emplace_back(id);
  for (const std::string_view word : words(like)) {
    release.ids.emplace_back(word);
  }
  return release;
}

} // namespace agentbox::support
