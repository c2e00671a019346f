// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <optional>
#include <string_view>

#include "support/fd.hpp"

namespace agentbox::box {

/// A process whose id will be written to a file. Once known it is referred to by a pidfd (pidfd_open(2)), because ids
/// are reused. The file is polled: closing an inotify descriptor takes the kernel 20 ms.
class AwaitedProcess {
public:
  /// Without a file the process never comes. `comm`: the name that it must have (see support::open_process()).
  explicit AwaitedProcess(std::optional<std::filesystem::path> file, std::string_view comm = {});

  /// Reads the file, unless it was found before.
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
  std::string_view m_comm;
  support::Fd m_process;
  bool m_gone = false; ///< it had ended when its id was read
};

} // namespace agentbox::box
