// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>

#include "logins/login_kind.hpp"
#include "support/fd.hpp"

namespace agentbox::logins {

/// File in LoginPlace::directory with the SHA-256 of the login that was last synchronized.
inline constexpr const char* k_base_file = "base";

/// Makes launchers take turns in a LoginPlace::directory.
class LaunchersLock {
public:
  enum class Wait { no, yes };

  /// Takes the lock; with Wait::yes, waits for it. Throws Error(failed) when the file cannot be opened.
  LaunchersLock(const std::filesystem::path& directory, Wait wait);
  explicit operator bool() const { return m_held; }

private:
  support::Fd m_file;
  bool m_held = false;
};

/// The agent's own lock for a login. A box can hold it forever, or replace it with anything, so a caller that must not
/// wait continues without it.
class AgentLock {
public:
  /// Tries to take the lock in directory `fd`, which must stay open.
  AgentLock(const LoginKind& kind, int fd);
  AgentLock(const AgentLock&) = delete;
  AgentLock& operator=(const AgentLock&) = delete;
  ~AgentLock();

  /// Returns whether another process holds it.
  bool busy() const { return m_busy; }

private:
  const LoginKind& m_kind;
  int m_directory;
  support::Fd m_file;
  bool m_made = false;
  bool m_busy = false;
};

} // namespace agentbox::logins
