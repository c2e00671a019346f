// SPDX-License-Identifier: Apache-2.0
#include "guard/link_target.hpp"

#include <deque>
#include <filesystem>
#include <sys/stat.h>

namespace agentbox::guard {
namespace fs = std::filesystem;
namespace {

void prepend_parts(const fs::path& path, std::deque<std::string>& parts) {
  std::vector<std::string> more;
  for (const fs::path& part : path) {
    if (!part.empty() && part != "." && part != "/") {
      more.push_back(part.string());
    }
  }
  parts.insert(parts.begin(), more.begin(), more.end());
}

} // namespace

Followed follow(const Walk& walk, const std::string& path, bool directories) {
  constexpr std::size_t k_max_links = 16;
  Followed followed;
  if (!walk.leads_to(path, S_IFREG) && !(directories && walk.leads_to(path, S_IFDIR))) {
    return followed;
  }
  std::deque<std::string> parts;
  prepend_parts(path, parts);
  fs::path at;
  while (!parts.empty()) {
    const std::string part = parts.front();
    parts.pop_front();
    if (part == "..") {
      if (at.empty()) {
        return followed; // out of the root
      }
      at = at.parent_path();
      continue;
    }
    const std::string next = (at / part).string();
    const auto target = walk.link_at(next);
    if (!target) {
      at = next;
      continue;
    }
    followed.links.push_back(next);
    if (followed.links.size() > k_max_links) {
      return followed;
    }
    if (!target->starts_with('/')) {
      prepend_parts(*target, parts);
    } else if (const auto inside = walk.below(fs::path(*target).lexically_normal())) {
      at.clear();
      prepend_parts(*inside, parts);
    } else {
      return followed;
    }
  }
  if (!at.empty()) {
    followed.path = at.string();
  }
  return followed;
}

} // namespace agentbox::guard
