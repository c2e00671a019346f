// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "support/fd.hpp"

namespace agentbox::support {

struct DirectoryEntry {
  std::string_view name; ///< valid until the next call of DirectoryReader::next()
  unsigned char type{};  ///< DT_DIR, DT_REG, …; DT_UNKNOWN only when it cannot be determined
  std::uint64_t inode{};
};

/// Reads a directory that it owns with getdents64(2): readdir(3) makes three more system calls.
class DirectoryReader {
public:
  explicit DirectoryReader(Fd fd) : m_fd(std::move(fd)) {}
  int fd() const { return m_fd.get(); }
  explicit operator bool() const { return bool{m_fd}; }

  /// Returns the next entry except "." and ".."; nullptr at the end, or when reading fails (error()).
  const DirectoryEntry* next();
  /// Returns the errno of a failed next(), or 0.
  int error() const { return m_error; }

private:
  Fd m_fd;
  std::unique_ptr<char[]> m_buffer; // NOLINT(*-avoid-c-arrays); not on the stack: some callers recurse
  std::size_t m_at = 0;
  std::size_t m_end = 0;
  int m_error = 0;
  DirectoryEntry m_entry;
};

/// Opens `path` below directory `root` without following links. openat2(2) resolves it in one call; part by part where
/// it is longer than PATH_MAX, or the kernel is older. An empty path is `root`. errno is ELOOP for a link.
Fd open_beneath(int root, std::string_view path, int flags);

} // namespace agentbox::support
