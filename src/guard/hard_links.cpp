// SPDX-License-Identifier: Apache-2.0
#include "guard/hard_links.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "git/layout.hpp"
#include "support/command.hpp"
#include "support/directory.hpp"
#include "support/error.hpp"
#include "support/link_count.hpp"
#include "support/text.hpp"

namespace agentbox::guard {
namespace {

using support::Error;
using support::ExitCode;
using support::Fd;

std::optional<std::string> first_of(const std::vector<std::string>& names) {
  return names.empty() ? std::nullopt : std::optional(names.front());
}

struct DirectoryLimits {
  std::size_t directories;
  std::size_t files; ///< of each directory
  bool closed_too = false;
};

/// Refuses when `path` exists and cannot be examined, unless it is another user's, which the box cannot change either.
void require_gone(int root, const std::string& path, int error) {
  struct stat info {};
  if (fstatat(root, path.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 ? !S_ISLNK(info.st_mode) && info.st_uid == geteuid()
                                                                   : errno != ENOENT && errno != ENOTDIR) {
    throw support::system_error(ExitCode::refused, "cannot look for hard links in " + support::escape_untrusted(path),
                                error, "make it readable: chmod -R u+rwX");
  }
}

/// Adds files below directory `path`, breadth first. Returns false when `limits` allows fewer.
bool add_below(const Walk& walk, const std::string& path, DirectoryLimits limits, support::LinkCount& names) {
  const Fd root = walk.open_directory("");
  std::vector<std::string> directories = {path};
  std::size_t i = 0;
  for (; i < directories.size() && i < limits.directories && names.added() <= k_max_guarded_files; ++i) {
    support::DirectoryReader directory(
        support::open_beneath(root.get(), directories[i], O_RDONLY | O_DIRECTORY | O_NONBLOCK));
    if (!directory && !limits.closed_too) {
      require_gone(root.get(), directories[i], errno);
    }
    std::size_t files = 0;
    while (const support::DirectoryEntry* entry = directory.next()) {
      if (entry->type == DT_REG && files == limits.files) {
        continue;
      }
      const std::string inner = git::join(directories[i], entry->name);
      struct stat info {};
      if (fstatat(directory.fd(), entry->name.data(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
        if (!limits.closed_too) {
          require_gone(root.get(), inner, errno);
        }
      } else if (S_ISDIR(info.st_mode)) {
        directories.push_back(inner);
      } else {
        ++files;
        names.add(inner, info);
      }
    }
    if (directory.error() != 0) {
      require_gone(root.get(), directories[i], directory.error());
    }
  }
  return i == directories.size();
}

/// Returns a sample of the names in a directory, spread over all of it.
std::vector<std::string> some_of(std::vector<std::string> names, std::size_t max) {
  if (names.size() <= max) {
    return names;
  }
  std::vector<std::string> some;
  for (std::size_t i = 0; i < max; ++i) {
    some.push_back(std::move(names[i * names.size() / max]));
  }
  return some;
}

std::optional<std::string> linked_object(const Walk& walk, const std::string& repository) {
  constexpr DirectoryLimits k_each{300, 8}; // 256 directories of loose objects, and pack
  support::LinkCount names;
  for (const char* part : {"objects", "lfs/objects", "annex/objects"}) {
    if (const std::string path = git::join(repository, part); walk.type_of(path) == FileType::directory) {
      add_below(walk, path, k_each, names);
    }
  }
  return first_of(names.with_others());
}

// Packages may have links among their own files, so each sample is a whole package if that is small.
std::optional<std::string> linked_package(const Walk& walk, const std::string& directory) {
  constexpr std::size_t k_names = 4096;
  constexpr std::size_t k_packages = 12;
  constexpr DirectoryLimits k_each{10, 16};
  support::LinkCount names;
  std::vector<std::string> all = walk.names_in(directory, k_names);
  std::erase_if(all, [](const std::string& name) { return name.starts_with('.') || name.starts_with('@'); });
  std::vector<std::string> samples = some_of(std::move(all), k_packages);
  for (const char* more : {".pnpm", ".bun", ".store"}) {
    for (const std::string& name : some_of(walk.names_in(git::join(directory, more), k_names), k_packages)) {
      samples.push_back(git::join(more, name));
    }
  }
  const Fd root = walk.open_directory("");
  for (const std::string& name : samples) {
    const std::string path = git::join(directory, name);
    struct stat info {};
    if (fstatat(root.get(), path.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      require_gone(root.get(), path, errno);
    } else if (S_ISDIR(info.st_mode)) {
      add_below(walk, path, k_each, names);
    } else {
      names.add(path, info);
    }
  }
  return first_of(names.with_others());
}

} // namespace

void require_no_other_names(const Walk& walk, const oci::GuardedPaths& guarded) {
  support::LinkCount names;
  const Fd root = walk.open_directory("");
  std::vector<std::string> all = guarded.read_only;
  all.insert(all.end(), guarded.masked.begin(), guarded.masked.end());
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::string& path = all[i];
    const bool is_masked = i >= guarded.read_only.size();
    struct stat info {};
    if (fstatat(root.get(), path.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      continue; // gone, which the mount will notice
    }
    bool all_added = true;
    if (S_ISDIR(info.st_mode)) {
      all_added = add_below(walk, path, {k_max_guarded_files, k_max_guarded_files, is_masked}, names);
    } else {
      names.add(path, info);
    }
    if (!all_added || names.added() > k_max_guarded_files) {
      throw Error(ExitCode::refused,
                  fmt::format("{} and the other protected paths have more than {} files or directories, too many to "
                              "examine",
                              support::escape_untrusted((walk.root() / path).string(), 1000), k_max_guarded_files),
                  "exclude it in your own configuration: [protect] except");
    }
  }
  if (const auto other = first_of(names.with_others())) {
    const std::string file = (walk.root() / *other).string();
    throw Error(ExitCode::refused,
                support::escape_untrusted(file, 1000) +
                    " is hard-linked to another file, through which the box could read or change it",
                "break the link: cp -p " + support::shell_quote({file, file + ".new"}) + " && mv " +
                    support::shell_quote({file + ".new", file}) + " (find DIRECTORY -samefile FILE lists the links)");
  }
}

std::vector<LinkedStore> find_linked_stores(const Walk& walk, const std::vector<std::string>& repositories,
                                            const std::vector<std::string>& packages) {
  constexpr std::size_t k_max_stores = 8;
  std::vector<LinkedStore> stores;
  for (const std::string& repository : some_of(repositories, k_max_stores)) {
    if (auto example = linked_object(walk, repository)) {
      stores.push_back({git::join(repository, git::k_objects), *std::move(example)});
    }
  }
  for (const std::string& directory : some_of(packages, k_max_stores)) {
    if (auto example = linked_package(walk, directory)) {
      stores.push_back({directory, *std::move(example)});
    }
  }
  return stores;
}

std::string describe(const LinkedStore& store) {
  const bool objects = store.path.ends_with(git::k_objects);
  const bool node = store.path.ends_with("node_modules");
  const char* advice = objects ? "git repack -ad && git prune-packed; next time git clone --no-hardlinks"
                       : node  ? "install again with package-import-method=copy (pnpm), --backend=copyfile (bun) or "
                                 "nmMode: hardlinks-local (Yarn)"
                               : "install again with UV_LINK_MODE=copy (uv) or always_copy: true (conda)";
  return fmt::format("WARNING: files in {} are hard links to another directory ({}): what the box writes into them is "
                     "written there too. To separate them: {}",
                     support::escape_untrusted(store.path, 200), support::escape_untrusted(store.example, 200), advice);
}

} // namespace agentbox::guard
