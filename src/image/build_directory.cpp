// SPDX-License-Identifier: Apache-2.0
#include "image/build_directory.hpp"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>

#include "support/error.hpp"
#include "support/file.hpp"
#include "support/signals.hpp"

namespace agentbox::image {
namespace {

using support::Error;
using support::ExitCode;
namespace fs = std::filesystem;

} // namespace

BuildDirectory::BuildDirectory() {
  const fs::path cache = support::cache_directory();
  support::make_private_directory(cache);
  const fs::path lock = cache / "build.lock";
  m_lock.reset(open(lock.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!m_lock) {
    throw support::system_error(ExitCode::failed, "cannot open " + lock.string(), errno);
  }
  support::lock_exclusively(m_lock, lock.string());
  m_path = cache / "build";
  std::error_code ignored;
  fs::remove_all(m_path, ignored);
  support::make_private_directory(m_path);
}

BuildDirectory::~BuildDirectory() {
  std::error_code ignored;
  fs::remove_all(m_path, ignored);
}

void require_space(const fs::path& path, std::uint64_t bytes) {
  fs::path existing = path;
  std::error_code error;
  while (!fs::exists(existing, error) && existing.has_parent_path() && existing != existing.parent_path()) {
    existing = existing.parent_path();
  }
  const fs::space_info space = fs::space(existing, error);
  constexpr double k_gigabyte = 1e9;
  if (!error && space.available < bytes) {
    throw Error(ExitCode::failed,
                fmt::format("not enough disk space to build the image: {} has {:.1f} GB free, {:.1f} GB are needed",
                            existing.string(), static_cast<double>(space.available) / k_gigabyte,
                            static_cast<double>(bytes) / k_gigabyte),
                "free some space: podman system prune, podman image prune");
  }
}

} // namespace agentbox::image
