// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string_view>

#include "support/fd.hpp"

namespace agentbox::boxes {

/// A new private directory for one box that agentbox starts for itself: for a sign-in or for `doctor`. It is below the
/// state directory, and locked. The destructor removes it; sweep_scratch() removes what a killed process left there.
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
