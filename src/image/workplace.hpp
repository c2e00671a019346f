// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>

#include "support/fd.hpp"

namespace agentbox::image {

/// The one build of this user: holds cache_folder()/build.lock (another build waits here) and a folder for what a build
/// needs on the way. The folder is removed at the end, and what a killed build left behind at the start.
class Workplace {
public:
  Workplace();
  Workplace(const Workplace&) = delete;
  Workplace& operator=(const Workplace&) = delete;
  Workplace(Workplace&&) = delete;
  Workplace& operator=(Workplace&&) = delete;
  ~Workplace();

  const std::filesystem::path& folder() const { return m_folder; }

private:
  support::Fd m_lock;
  std::filesystem::path m_folder;
};

/// Throws Error(failed) when the file system of `path` (or of its nearest existing parent) has less than `bytes` free
/// for us.
void require_space(const std::filesystem::path& path, std::uint64_t bytes);

} // namespace agentbox::image
