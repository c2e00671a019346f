// SPDX-License-Identifier: Apache-2.0
#include "oci/bundle/entry_path.hpp"

#include "support/error.hpp"
#include "support/text.hpp"

namespace agentbox::oci::bundle {
namespace {

constexpr std::size_t k_max_parts_path = 4096;
constexpr std::size_t k_max_parts = 128;
constexpr std::size_t k_max_parts_name = 255;

support::Error refused(std::string_view text, const std::string& why) {
  return {support::ExitCode::refused, "the image has an entry " + support::in_quotes(text) + ": " + why,
          "such an image is broken or hostile; do not use it"};
}

} // namespace

std::string EntryPath::text() const {
  std::string result;
  for (const std::string& folder : folders) {
    result += folder + "/";
  }
  return result + name;
}

EntryPath parse_entry_path(std::string_view text) {
  if (text.size() > k_max_parts_path) {
    throw refused(text.substr(0, 100), "its path is longer than 4096 bytes");
  }
  if (text.find('\0') != std::string_view::npos) {
    throw refused(text, "its path has a NUL byte");
  }
  if (text.starts_with('/')) {
    throw refused(text, "its path is absolute");
  }
  EntryPath result;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::string_view part = rest.substr(0, rest.find('/'));
    rest.remove_prefix(part.size() + (part.size() < rest.size() ? 1 : 0));
    if (part.empty() || part == ".") {
      continue;
    }
    if (part == "..") {
      throw refused(text, "its path leads out of its folder");
    }
    if (part.size() > k_max_parts_name) {
      throw refused(text.substr(0, 100), "a name in its path is longer than 255 bytes");
    }
    result.folders.emplace_back(part);
  }
  if (result.folders.size() > k_max_parts) {
    throw refused(text.substr(0, 100), "it lies more than 128 folders deep");
  }
  if (!result.folders.empty()) {
    result.name = result.folders.back();
    result.folders.pop_back();
  }
  return result;
}

Whiteout parse_whiteout(std::string_view name) {
  constexpr std::string_view k_prefix = ".wh.";
  if (!name.starts_with(k_prefix)) {
    return {};
  }
  if (name == ".wh..wh..opq") {
    return {Whiteout::Kind::opaque, ""};
  }
  const std::string_view hidden = name.substr(k_prefix.size());
  if (hidden.empty() || hidden == "." || hidden == ".." || hidden.starts_with(k_prefix)) {
    throw refused(name, "it is a malformed whiteout");
  }
  return {Whiteout::Kind::one, std::string(hidden)};
}

} // namespace agentbox::oci::bundle
