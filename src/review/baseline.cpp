// SPDX-License-Identifier: Apache-2.0
#include "review/baseline.hpp"

#include <deque>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>

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

bool is_folder(const dirent& entry, int folder, const char* name) {
  if (entry.d_type != DT_UNKNOWN) {
    return entry.d_type == DT_DIR;
  }
  struct stat info {};
  return fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(info.st_mode);
}

KnownFolders folders_of(const std::filesystem::path& root) {
  KnownFolders known;
  std::deque<std::string> next = {""};
  std::size_t names = 0;
  for (std::size_t count = 0; count < k_max_read && !next.empty(); ++count) {
    const std::string path = next.front();
    next.pop_front();
    const std::filesystem::path whole = path.empty() ? root : root / path;
    const support::Directory folder =
        support::read_directory(Fd(open(whole.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)));
    if (!folder) {
      continue;
    }
    while (const dirent* entry = support::next_entry(folder)) {
      if (++names > k_max_names) {
        return known;
      }
      const std::string text(static_cast<const char*>(entry->d_name));
      if (!is_folder(*entry, dirfd(folder.get()), text.c_str())) {
        continue;
      }
      std::string inner = path.empty() ? text : path + "/" + text;
      known.inodes.emplace(inner, entry->d_ino);
      if (text != git::k_git) { // guarded, and large
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
  before.folders.reserve(trees.size());
  for (const ReviewedTree& tree : trees) {
    before.folders.push_back(folders_of(tree.root));
    try {
      before.folders.back().hidden =
          hidden_keys(support::read_file_beneath(tree.root, ".git/index", k_max_index).value_or(""));
    } catch (const support::Error&) {
      continue; // not a repository, or too large
    }
  }
  return before;
}

} // namespace agentbox::review
