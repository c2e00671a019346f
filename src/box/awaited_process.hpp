// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <optional>
#include <string_view>

#include "support/fd.hpp"

namespace agentbox::box {

/// A process whose id somebody will write into a file; from then on it is held by a pidfd (pidfd_open(2)), so that its
/// number cannot come to mean another. The file is looked for by hand: closing an inotify takes the kernel 20 ms.
class AwaitedProcess {
public:
  /// No file: a process that never comes. `comm`: the name that it must have (see support::open_process()).
  explicit AwaitedProcess(std::optional<std::filesystem::path> file, std::string_view comm = {});

  /// Reads the file, unless it was found before.
  void find();
  /// Whether the file is still to come.
  bool is_awaited() const noexcept { return m_file.has_value(); }
  /// The descriptor that becomes readable when the process ends; -1 while it is awaited, and after it was gone.
  int fd() const noexcept { return m_process.get(); }
  /// Whether the process was known, and has ended.
  bool ended() const;
  /// Sends it a signal, if it is known and runs.
  void send(int signal) const;

private:
  std::optional<std::filesystem::path> m_file; ///< while it is awaited
  std::string_view m_comm;
  support::Fd m_process;
  bool m_gone = false; ///< the file named a process that ran no more
};

} // namespace agentbox::box
