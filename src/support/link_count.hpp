// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <sys/stat.h>
#include <utility>
#include <vector>

namespace agentbox::support {

/// Counts the names (hard links) of files that have several.
class LinkCount {
public:
  void add(const std::string& path, const struct stat& info) {
    ++m_added;
    if (S_ISREG(info.st_mode) && info.st_nlink > 1) {
      File& file = m_files[{info.st_dev, info.st_ino}];
      file.names.insert(path); // a path may be added twice
      file.links = info.st_nlink;
    }
  }
  std::size_t added() const { return m_added; }

  /// Returns a name of each file that has more names than were added.
  std::vector<std::string> with_others() const {
    std::vector<std::string> found;
    for (const auto& [id, file] : m_files) {
      if (file.names.size() < file.links) {
        found.push_back(*file.names.begin());
      }
    }
    return found;
  }

private:
  struct File {
    std::set<std::string> names;
    std::size_t links = 0;
  };
  std::map<std::pair<std::uint64_t, std::uint64_t>, File> m_files; ///< by device and inode
  std::size_t m_added = 0;
};

} // namespace agentbox::support
