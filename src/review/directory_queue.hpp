// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "support/directory.hpp"

namespace agentbox::review {

/// The role of a directory in its repository, known from its parent.
struct RepositoryPart {
  bool hooks = false;      ///< its hooks
  bool records = false;    ///< its refs or logs, which Git writes to
  bool links_only = false; ///< only links count there
  std::string below;       ///< its path in the repository; empty: it is not in one
};

/// The unread rest of a directory that is read in turns.
struct DirectoryRest {
  explicit DirectoryRest(support::Fd fd) : reader(std::move(fd)) {}
  support::DirectoryReader reader;
  bool more = false;              ///< there are names to read
  std::set<std::string> known;    ///< names that were examined before they were read
  std::vector<std::string> files; ///< names that were read and not examined
};

/// A directory to be examined, and what is known from the directory above.
struct PendingDirectory {
  std::string path; ///< relative to the tree; empty: its root
  RepositoryPart part;
  std::size_t depth = 1;
  bool above_decides = false;
  bool above_renewed = false;
  bool above_arrived = false;
  std::shared_ptr<DirectoryRest> rest; ///< of a large directory whose first turn is over
};

/// The order of a scan: known names and others alternately, from each top-level directory in turn, breadth first, then
/// the rest of large directories. So a flood of one sort delays the others, but does not keep them out.
class DirectoryQueue {
public:
  void push(PendingDirectory directory, bool known);
  void push_rest(PendingDirectory directory) { m_rest.push_back(std::move(directory)); }
  std::optional<PendingDirectory> pop();

private:
  /// Directories that wait, breadth first below each top-level directory.
  class Turns {
  public:
    void push(PendingDirectory directory);
    std::optional<PendingDirectory> pop();

  private:
    std::unordered_map<std::string, std::deque<PendingDirectory>> m_waiting; ///< by top-level directory
    std::deque<std::string> m_order;                                         ///< those with waiting directories
  };

  Turns m_known;
  Turns m_others;
  bool m_known_next = true;
  std::deque<PendingDirectory> m_rest;
};

} // namespace agentbox::review
