// SPDX-License-Identifier: Apache-2.0
#include "support/directory.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string>
#include <sys/stat.h>
#include <sys/syscall.h>

namespace agentbox::support {

const DirectoryEntry* DirectoryReader::next() {
  constexpr std::size_t k_buffer = std::size_t{32} << 10U;
  constexpr std::size_t k_length = 16; // of struct linux_dirent64: d_ino, d_off, d_reclen, d_type, d_name
  constexpr std::size_t k_type = 18;
  constexpr std::size_t k_name = 19;
  do {
    if (m_at == m_end) {
      if (!m_buffer) {
        m_buffer = std::make_unique_for_overwrite<char[]>(k_buffer); // NOLINT(*-avoid-c-arrays)
      }
      const auto count = m_fd ? syscall(SYS_getdents64, m_fd.get(), m_buffer.get(), k_buffer) : 0; // NOLINT(*-vararg)
      m_error = count < 0 ? errno : 0;
      if (count <= 0) {
        return nullptr;
      }
      m_at = 0;
      m_end = static_cast<std::size_t>(count);
    }
    const char* entry = m_buffer.get() + m_at;
    std::uint16_t length = 0;
    std::memcpy(&m_entry.inode, entry, sizeof m_entry.inode);
    std::memcpy(&length, entry + k_length, sizeof length);
    m_entry.type = static_cast<unsigned char>(entry[k_type]);
    m_entry.name = entry + k_name;
    m_at += length;
  } while (m_entry.name == "." || m_entry.name == "..");
  struct stat info {};
  if (m_entry.type == DT_UNKNOWN && fstatat(m_fd.get(), m_entry.name.data(), &info, AT_SYMLINK_NOFOLLOW) == 0) {
    m_entry.type = static_cast<unsigned char>(IFTODT(info.st_mode));
  }
  return &m_entry;
}

Fd open_beneath(int root, std::string_view path, int flags) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_NOFOLLOW | O_CLOEXEC);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  const std::string whole(path.empty() ? "." : path);
  Fd fd(static_cast<int>(syscall(SYS_openat2, root, whole.c_str(), &how, sizeof how))); // NOLINT(*-vararg): no wrapper
  if (fd || (errno != ENAMETOOLONG && errno != ENOSYS)) {
    return fd;
  }
  constexpr int k_part = O_PATH | O_DIRECTORY;
  fd = Fd(openat(root, ".", (path.empty() ? flags : k_part) | O_CLOEXEC));
  for (std::size_t at = 0; fd && at < path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string part(path.substr(at, end - at));
    fd = Fd(openat(fd.get(), part.c_str(), (end == path.size() ? flags : k_part) | O_NOFOLLOW | O_CLOEXEC));
    at = end + 1;
  }
  if (!fd && errno == ENOTDIR) {
    errno = ELOOP; // it may be a link
  }
  return fd;
}

} // namespace agentbox::support
