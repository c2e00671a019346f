// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>

#include "support/fd.hpp"

namespace agentbox::image {

/// The directory cache_directory()/build for the temporary files of a build, and the lock that makes builds of one user
/// wait for each other. The destructor removes the directory; the constructor removes what a killed build left there.
class BuildDirectory {
public:
  /// Waits for the lock. Throws Interrupted and Error(failed).
  BuildDirectory();
  BuildDirectory(const BuildDirectory&) = delete;
  BuildDirectory& operator=(const BuildDirectory&) = delete;
  ~BuildDirectory();

  const std::filesystem::path& path() const { return m_path; }

private:
  support::Fd m_lock;
  std::filesystem::path m_path;
};

/// Throws Error(failed) when the file system of `path` (or of its nearest existing parent) has less than `bytes` free
/// for this user.
void require_space(const std::filesystem::path& path, std::uint64_t bytes);

} // namespace agentbox::image
