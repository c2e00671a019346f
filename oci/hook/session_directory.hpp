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

/// The session directory of one box, opened a single time. All access goes through this descriptor.
class SessionDirectory {
public:
  /// Opens `path`, which must be absolute, and a directory of our user that nobody else can enter (0700). Throws
  /// Error(refused).
  explicit SessionDirectory(const std::filesystem::path& path);

  const std::filesystem::path& path() const noexcept { return m_path; }
  int fd() const noexcept { return m_fd.get(); }

  /// Returns the content of regular file `name` ("run/ready"), or nothing if it does not exist. Throws Error(refused)
  /// for symbolic links, other users' files, and more than `max_bytes`.
  std::optional<std::string> read_if_exists(const std::string& name, std::size_t max_bytes) const;

  /// Like read_if_exists(), but throws for a missing file too.
  std::string read(const std::string& name, std::size_t max_bytes) const;

  /// Reads JSON from FIFO `name`, to its end. Throws Error(refused), including when that takes longer than `deadline`,
  /// as it does without a launcher or on a second read.
  nlohmann::json read_fifo(const std::string& name, std::chrono::milliseconds deadline) const;

  /// Throws Error(refused) unless the launcher holds the lock of the session (flock(2)).
  void require_launcher() const;

  /// Parses file `name` as a JSON object. Throws Error(refused).
  nlohmann::json read_json(const std::string& name) const;

  /// Writes `error` to file hook-error for the launcher: message and hint, a line each. An existing file is kept: the
  /// first refusal is the cause.
  void write_error(const support::Error& error) const noexcept;

  /// Writes the firewall's process ID to file firewall.pid (atomically) for the launcher, which ends the run when that
  /// process ends. Throws Error(refused).
  void write_firewall_pid(pid_t pid) const;

private:
  std::filesystem::path m_path;
  support::Fd m_fd;
};

} // namespace agentbox::oci::hook
