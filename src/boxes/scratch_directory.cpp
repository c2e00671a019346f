// SPDX-License-Identifier: Apache-2.0
#include "boxes/scratch_directory.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "support/error.hpp"
#include "support/file.hpp"

namespace agentbox::boxes {
namespace fs = std::filesystem;
namespace {

fs::path scratch_root() {
  std::error_code error;
  const fs::path state = support::state_directory();
  const fs::path canonical = fs::weakly_canonical(state, error);
  return (error ? state : canonical) / "scratch";
}

/// Returns the locked directory `path`; nothing if it is already locked or has been removed.
support::Fd try_lock(const fs::path& path) {
  support::Fd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat opened {};
  struct stat named {};
  const bool locked = fd && flock(fd.get(), LOCK_EX | LOCK_NB) == 0 && fstat(fd.get(), &opened) == 0 &&
                      lstat(path.c_str(), &named) == 0 && opened.st_ino == named.st_ino;
  return locked ? std::move(fd) : support::Fd();
}

} // namespace

ScratchDirectory::ScratchDirectory(std::string_view purpose)
    : m_path(scratch_root() / fmt::format("{}-{}", purpose, getpid())) {
  constexpr int k_max_attempts = 10; // a sweeper can remove it before it is locked
  for (int attempt = 0; attempt < k_max_attempts && !m_lock; ++attempt) {
    sweep_scratch(); // an earlier process may have had the same ID
    support::make_private_directory(m_path);
    m_lock = try_lock(m_path);
  }
  if (!m_lock) {
    throw support::Error(support::ExitCode::failed, "cannot lock " + m_path.string(), "remove that directory");
  }
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  fs::remove_all(m_path, ignored);
}

void sweep_scratch() {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(scratch_root(), error)) {
    if (const support::Fd lock = try_lock(entry.path())) {
      std::error_code ignored;
      fs::remove_all(entry.path(), ignored);
    }
  }
}

} // namespace agentbox::boxes
