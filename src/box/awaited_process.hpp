// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <optional>

#include "support/fd.hpp"

namespace agentbox::box {

/// A process whose id will be written to a file. Once known it is referred to by a pidfd (pidfd_open(2)), because ids
/// are reused. The file is polled: closing an inotify descriptor takes the kernel 20 ms.
class AwaitedProcess {
public:
  /// Waits for the process whose id is in `file`; without a file it never appears. The file's session is new, so the
  /// id in it cannot be that of an earlier process; the process's name is not compared, because the runtime's init may
  /// not have executed the program yet.
  explicit AwaitedProcess(std::optional<std::filesystem::path> file);

  /// Reads the file, unless it was found before. Throws support::Error(failed) when the process cannot be watched.
  void find();
  /// Returns whether the process is still unknown.
  bool is_awaited() const noexcept { return m_file.has_value(); }
  /// Returns a descriptor that becomes readable when the process ends, or -1.
  int fd() const noexcept { return m_process.get(); }
  /// Returns whether the process was known and has ended.
  bool ended() const;
  /// Sends it a signal if it is known.
  void send(int signal) const;

private:
  std::optional<std::filesystem::path> m_file; ///< while it is awaited
  support::Fd m_process;
  bool m_gone = false; ///< it had ended when its id was read
};

} // namespace agentbox::box
