// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <sys/types.h>

#include "support/error.hpp"
#include "support/fd.hpp"

namespace agentbox::oci::hook {

/// The launcher's folder for one box, opened once. Everything in it is reached through this descriptor.
class SessionFolder {
public:
  /// Opens `path`: absolute, a folder of ours that nobody else may enter (0700). Throws Error(refused).
  explicit SessionFolder(const std::filesystem::path& path);

  const std::filesystem::path& path() const noexcept { return m_path; }
  int fd() const noexcept { return m_fd.get(); }

  /// The whole of regular file `name` ("run/ready"), or nothing when there is none. Symbolic links, files of others
  /// and more than `max_bytes` are refused: throws Error(refused).
  std::optional<std::string> read_if_exists(const std::string& name, std::size_t max_bytes) const;

  /// Like read_if_exists(); a missing file is refused too.
  std::string read(const std::string& name, std::size_t max_bytes) const;

  /// What the launcher hands over by FIFO `name`, once and up to its end, as JSON. Throws Error(refused), also when it
  /// has not all come within `deadline`: no launcher is there, or somebody has read it before.
  nlohmann::json read_fifo(const std::string& name, std::chrono::milliseconds deadline) const;

  /// read() as JSON.
  nlohmann::json read_json(const std::string& name) const;

  /// Leaves `error` in file hook-error for the launcher: the message, then the hint, a line each. An existing file is
  /// left as it is: the first refusal is the cause.
  void leave_error(const support::Error& error) const noexcept;

  /// Leaves the firewall's process id in file firewall.pid (written aside, then renamed) for the launcher, which
  /// watches that process: a firewall that dies ends the run. Throws Error(refused).
  void leave_firewall(pid_t pid) const;

private:
  std::filesystem::path m_path;
  support::Fd m_fd;
};

} // namespace agentbox::oci::hook
