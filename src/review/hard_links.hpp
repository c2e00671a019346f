// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <string>
#include <sys/stat.h>

#include "review/review_report.hpp"
#include "support/link_count.hpp"

namespace agentbox::review {

/// Changed files with several names (hard links). One with fewer names in the trees than it has links was also
/// changed outside of them.
class HardLinks {
public:
  /// Counts a name of a changed file; those with a single name are ignored.
  void add(const std::string& path, const struct stat& info) { m_files.add(path, info); }

  /// Counts the files below directory `name` of `directory` for which `is_new` is true: the objects of a repository,
  /// which the rest of the review skips. At most 100,000 files; follows no links.
  template <typename IsNew>
  void add_objects(int directory, const char* name, const std::string& path, const IsNew& is_new) {
    visit(directory, name, path, [&](const std::string& inner, const struct stat& info) {
      if (is_new(info.st_ctim)) {
        add(inner, info);
      }
    });
  }

  /// Adds a finding for each file with a name that was not counted.
  void report_to(ReviewReport& report) const;

private:
  using Visit = std::function<void(const std::string&, const struct stat&)>;
  void visit(int directory, const char* name, const std::string& path, const Visit& each);

  support::LinkCount m_files;
  std::size_t m_visited = 0;
};

} // namespace agentbox::review
