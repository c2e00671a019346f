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

/// One folder to be looked at when a box has ended, and what Git's settings make of paths in it. Relative.
struct Tree {
  std::filesystem::path root;
  std::vector<std::string> obeyed; ///< Git obeys it, with all that lies below: hooks folders, included files
  std::set<std::string> named;     ///< files that commands in Git's settings name
};

/// Device and inode of the files and folders that the box could neither write nor move, because they were mounts.
using Held = std::set<std::pair<std::uint64_t, std::uint64_t>>;

/// Which folders were where in a tree.
struct KnownFolders {
  std::map<std::string, std::uint64_t> inodes; ///< by path
  std::set<std::string> read;                  ///< those of which every folder in them is known; "" is the root
};

/// What is known of trees from before the box started.
struct Before {
  Held held;
  std::vector<KnownFolders> folders; ///< of each tree
};

/// Looks at the upper folders of `trees`, breadth first and in bounded time: at a few dozens of them, and thousands of
/// names. Whoever moves a folder to another place cannot give it the inode of what was there. No link is followed, and
/// what cannot be read is not known.
Before remember(const std::vector<Tree>& trees, Held held);

} // namespace agentbox::review
