// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "protocol/protocol.hpp"
#include "selinux/context.hpp"
#include "selinux/file_labels.hpp"
#include "support/tree_changes.hpp"

namespace agentbox::selinux {

/// A path that is labelled before the box starts; part of the plan.
struct Relabelling {
  std::filesystem::path path;
  Label label;
  bool tree = false;                             ///< with everything below
  std::optional<protocol::FileId> identity = {}; ///< device and inode that the path must still have
  /// Nanoseconds since the epoch. If `path` already has the label, only directories that changed since (st_ctime) are
  /// examined: a file that was moved into one keeps its old label, a new file gets the directory's. 0: all.
  std::int64_t changed_since = 0;
  /// The changes that a scan saw: then only those directories are examined. Its `since` must be `changed_since`.
  std::optional<support::TreeChanges> changes = {};

  bool operator==(const Relabelling&) const = default;
};

/// The result of relabel().
struct RelabelReport {
  int error = 0; ///< errno of the path itself: it could not be labelled, and nothing below was examined
  std::size_t examined = 0;
  std::size_t changed = 0;
  std::size_t linked = 0; ///< files that kept their label because they have a name elsewhere (a hard link)
  std::string first_linked;
  std::size_t denied = 0; ///< files that could not be labelled: of another user, immutable
  std::string first_denied;
};

/// Labels `what`. Only entries that differ in type or level are changed; user and role stay. Follows no link,
/// does not leave the file system, and changes no FIFO, socket or device, no file of another user, and no file with a
/// hard link outside the tree. Calls `progress` every 50,000 entries with their number; it may throw. Throws
/// Error(refused) when the path is not `identity` any more, or has more than 5,000,000 entries.
RelabelReport relabel(const Relabelling& what, FileLabels& labels,
                      const std::function<void(std::size_t)>& progress = {});

} // namespace agentbox::selinux
