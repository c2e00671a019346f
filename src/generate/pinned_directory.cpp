// SPDX-License-Identifier: Apache-2.0
#include "generate/pinned_directory.hpp"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/error.hpp"

namespace agentbox::generate {
namespace {

namespace fs = std::filesystem;
using support::Fd;

constexpr mode_t k_mode = 0755;

} // namespace

fs::path path_of(const Fd& directory) {
  return "/proc/self/fd/" + std::to_string(directory.get());
}

Fd open_directory(const Fd& parent, const std::string& name) {
  return Fd(openat(parent.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

Fd make_directories(const Fd& top, const fs::path& relative) {
  Fd directory = open_directory(top, ".");
  for (const fs::path& part : relative) {
    if (mkdirat(directory.get(), part.c_str(), k_mode) != 0 && errno != EEXIST) {
      break; // the next line fails
    }
    directory = open_directory(directory, part.string());
  }
  if (!directory) {
    throw support::system_error(support::ExitCode::failed, "cannot create directory " + relative.string(), errno);
  }
  return directory;
}

bool is_at(const Fd& directory, const Fd& parent, const std::string& name) {
  struct stat open {};
  struct stat named {};
  return fstat(directory.get(), &open) == 0 && fstatat(parent.get(), name.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
         open.st_dev == named.st_dev && open.st_ino == named.st_ino;
}

void move_missing(const Fd& from, const Fd& to, const std::set<fs::path>& whole, const fs::path& inside) {
  for (const fs::directory_entry& entry : fs::directory_iterator(path_of(from))) {
    const std::string name = entry.path().filename();
    const fs::path path = inside / name;
    if (renameat2(from.get(), name.c_str(), to.get(), name.c_str(), RENAME_NOREPLACE) == 0) {
      continue;
    }
    const int error = errno;
    if (whole.contains(path)) {
      continue;
    }
    if (error != EEXIST) {
      throw support::system_error(support::ExitCode::failed, "cannot move " + path.string() + " back", error);
    }
    const Fd from_below = open_directory(from, name);
    const Fd to_below = open_directory(to, name);
    if (from_below && to_below) {
      move_missing(from_below, to_below, whole, path);
    }
  }
}

} // namespace agentbox::generate
