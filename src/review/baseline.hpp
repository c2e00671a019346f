// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace agentbox::review {

/// A directory that is scanned when a box has ended, and the paths in it that the Git configuration refers to.
/// Relative.
struct ReviewedTree {
  std::filesystem::path root;
  std::vector<std::string> referenced; ///< hooks directories and included files, with everything below them
  std::set<std::string> command_files; ///< files that commands in the Git configuration refer to
};

/// Device and inode of the files and directories that were mounts in the box, which it can neither write nor move.
using MountedFiles = std::set<std::pair<std::uint64_t, std::uint64_t>>;

/// The directories of a tree before the box started.
struct KnownDirectories {
  std::map<std::string, std::uint64_t> inodes; ///< by path
  std::set<std::string> read;                  ///< directories whose subdirectories are all known; "" is the root
  std::set<std::string> hidden;                ///< what the index of .git hides (hidden_keys())
};

/// The state of the trees before the box started.
struct Baseline {
  MountedFiles mounted;
  std::vector<KnownDirectories> directories; ///< of each tree
};

/// Records the inodes of the upper directories of `trees`, breadth first: at most 64 directories and 20,000 names of
/// each tree. A directory that is moved cannot take the inode of the one that was there. Follows no links; skips what
/// cannot be read.
Baseline record_baseline(const std::vector<ReviewedTree>& trees, MountedFiles mounted);

} // namespace agentbox::review
