// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string_view>

#include "support/fd.hpp"

namespace agentbox::boxes {

/// A new private directory for one box that agentbox starts for itself: of a sign-in, of `doctor`. It is in the state
/// directory and locked; the destructor removes it. What a killed process leaves there is removed by sweep_scratch().
class ScratchDirectory {
public:
  /// `purpose` is the beginning of its name. Throws Error(failed).
  explicit ScratchDirectory(std::string_view purpose);
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  ~ScratchDirectory();

  const std::filesystem::path& path() const { return m_path; }

private:
  std::filesystem::path m_path;
  support::Fd m_lock;
};

/// Removes the scratch directories whose process has ended. Follows no link.
void sweep_scratch();

} // namespace agentbox::boxes
