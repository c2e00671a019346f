// SPDX-License-Identifier: Apache-2.0
#include "review/baseline.hpp"

#include <deque>
#include <dirent.h>
#include <fcntl.h>

#include "git/layout.hpp"
#include "review/hidden_changes.hpp"
#include "support/directory.hpp"
#include "support/error.hpp"
#include "support/fd.hpp"
#include "support/file.hpp"

namespace agentbox::review {
namespace {

using support::Fd;

constexpr std::size_t k_max_read = 64;      // directories
constexpr std::size_t k_max_names = 20'000; // each costs 50 ns

KnownDirectories directories_of(const std::filesystem::path& root) {
  KnownDirectories known;
  const Fd top(open(root.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  std::deque<std::string> next = {""};
  std::size_t names = 0;
  for (std::size_t count = 0; count < k_max_read && !next.empty(); ++count) {
    const std::string path = next.front();
    next.pop_front();
    support::DirectoryReader directory(support::open_beneath(top.get(), path, O_RDONLY | O_DIRECTORY));
    if (!directory) {
      continue;
    }
    while (const support::DirectoryEntry* entry = directory.next()) {
      if (++names > k_max_names) {
        return known;
      }
      if (entry->type != DT_DIR) {
        continue;
      }
      std::string inner = git::join(path, entry->name);
      known.inodes.emplace(inner, entry->inode);
      if (entry->name != git::k_git) { // guarded, and large
        next.push_back(std::move(inner));
      }
    }
    known.read.insert(path);
  }
  return known;
}

} // namespace

Baseline record_baseline(const std::vector<ReviewedTree>& trees, MountedFiles mounted) {
  Baseline before{std::move(mounted), {}};
  before.directories.reserve(trees.size());
  for (const ReviewedTree& tree : trees) {
    before.directories.push_back(directories_of(tree.root));
    try {
      const auto read = [&](const std::string& name) {
        return support::read_file_beneath(tree.root, git::join(git::k_git, name), k_max_index).value_or("");
      };
      before.directories.back().hidden = hidden_keys(read("index"), read);
    } catch (const support::Error&) {
      continue; // not a repository, or too large
    }
  }
  return before;
}

} // namespace agentbox::review
