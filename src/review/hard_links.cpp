// SPDX-License-Identifier: Apache-2.0
#include "review/hard_links.hpp"

#include <fcntl.h>

#include "support/directory.hpp"

namespace agentbox::review {

void HardLinks::visit(int parent, const char* name, const std::string& path, const Visit& each) {
  constexpr std::size_t k_max_visited = 100'000;
  support::DirectoryReader directory(
      support::Fd(openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)));
  while (const support::DirectoryEntry* entry = directory.next()) {
    const char* inner = entry->name.data();
    struct stat info {};
    if (++m_visited > k_max_visited) {
      return;
    }
    if (fstatat(directory.fd(), inner, &info, AT_SYMLINK_NOFOLLOW) != 0) {
      continue;
    }
    const std::string inner_path = path + "/" + inner;
    constexpr std::size_t k_max_depth = 4096; // of a path, so that the recursion ends
    if (S_ISDIR(info.st_mode) && inner_path.size() < k_max_depth) {
      visit(directory.fd(), inner, inner_path, each);
    } else {
      each(inner_path, info);
    }
  }
}

void HardLinks::report_to(ReviewReport& report) const {
  for (const std::string& name : m_files.with_others()) {
    add_finding(report, {FindingKind::hard_link, name, "changed, and has a hard link outside the project"});
  }
}

} // namespace agentbox::review
