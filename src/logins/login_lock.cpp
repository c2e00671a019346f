// SPDX-License-Identifier: Apache-2.0
#include "logins/login_lock.hpp"

#include <cerrno>
#include <ctime>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/error.hpp"

namespace agentbox::logins {

LaunchersLock::LaunchersLock(const std::filesystem::path& directory, Wait wait)
    : m_file(open((directory / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) {
  if (!m_file) {
    throw support::system_error(support::ExitCode::failed, "cannot open the lock in " + directory.string(), errno);
  }
  m_held = flock(m_file.get(), wait == Wait::yes ? LOCK_EX : LOCK_EX | LOCK_NB) == 0;
}

AgentLock::AgentLock(const LoginKind& kind, int fd) : m_kind(kind), m_directory(fd) {
  if (kind.lock.empty()) {
    return;
  }
  const char* const name = kind.lock.c_str();
  if (kind.lock_type == LoginKind::Lock::file) {
    m_file = support::Fd(openat(fd, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600));
    m_busy = m_file && flock(m_file.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    return;
  }
  constexpr std::time_t k_stale = 60; // as its owner judges it
  struct stat info {};
  if (fstatat(fd, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && info.st_mtime + k_stale < std::time(nullptr)) {
    unlinkat(fd, name, AT_REMOVEDIR);
  }
  m_made = mkdirat(fd, name, 0700) == 0;
  m_busy = !m_made && errno == EEXIST;
}

AgentLock::~AgentLock() {
  if (m_made) {
    unlinkat(m_directory, m_kind.lock.c_str(), AT_REMOVEDIR);
  }
}

} // namespace agentbox::logins
