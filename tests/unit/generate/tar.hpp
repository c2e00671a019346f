// SPDX-License-Identifier: Apache-2.0
// Tar archives made by hand, honest and hostile.
#pragma once
#include <archive.h>
#include <archive_entry.h>
#include <cstring>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace agentbox::tests {

/// One entry of an archive.
struct TarEntry {
  std::string path;
  unsigned type = AE_IFREG;
  std::string content = {}; ///< of a file; the target of a link
  unsigned mode = 0644;
  std::string hard_link = {};
  long uid = 0;
  long gid = 0;
  unsigned major = 0;
  unsigned minor = 0;
  std::vector<std::pair<std::string, std::string>> xattrs = {};
  long long sparse_size = 0; ///< a file of that size with one byte at its end
};

/// Returns the entries as a tar archive in memory.
inline std::string make_tar(const std::vector<TarEntry>& entries) {
  std::string result;
  archive* out = archive_write_new();
  archive_write_set_format_pax(out);
  const auto append = [](archive*, void* data, const void* bytes, std::size_t count) -> la_ssize_t {
    static_cast<std::string*>(data)->append(static_cast<const char*>(bytes), count);
    return static_cast<la_ssize_t>(count);
  };
  archive_write_open(out, &result, nullptr, append, nullptr);
  for (const TarEntry& one : entries) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, one.path.c_str());
    archive_entry_set_perm(entry, static_cast<__LA_MODE_T>(one.mode));
    archive_entry_set_uid(entry, one.uid);
    archive_entry_set_gid(entry, one.gid);
    archive_entry_set_mtime(entry, 1000, 0);
    archive_entry_set_filetype(entry, one.type);
    for (const auto& [name, value] : one.xattrs) {
      archive_entry_xattr_add_entry(entry, name.c_str(), value.data(), value.size());
    }
    if (!one.hard_link.empty()) {
      archive_entry_set_hardlink(entry, one.hard_link.c_str());
    } else if (one.type == AE_IFLNK) {
      archive_entry_set_symlink(entry, one.content.c_str());
    } else if (one.type == AE_IFCHR || one.type == AE_IFBLK) {
      archive_entry_set_rdevmajor(entry, one.major);
      archive_entry_set_rdevminor(entry, one.minor);
    }
    const bool data = one.type == AE_IFREG && one.hard_link.empty();
    if (one.sparse_size > 0) {
      archive_entry_set_size(entry, one.sparse_size);
      archive_entry_sparse_add_entry(entry, one.sparse_size - 1, 1);
    } else {
      archive_entry_set_size(entry, data ? static_cast<la_int64_t>(one.content.size()) : 0);
    }
    archive_write_header(out, entry);
    if (one.sparse_size > 0) {
      const std::string zeros(1U << 20U, '\0');
      for (long long left = one.sparse_size; left > 0; left -= static_cast<long long>(zeros.size())) {
        archive_write_data(out, zeros.data(),
                           static_cast<std::size_t>(std::min<long long>(left, static_cast<long long>(zeros.size()))));
      }
    } else if (data) {
      archive_write_data(out, one.content.data(), one.content.size());
    }
    archive_entry_free(entry);
  }
  archive_write_close(out);
  archive_write_free(out);
  return result;
}

/// A directory for one test, removed at the end.
class ScratchDirectory {
public:
  ScratchDirectory() {
    std::string name = std::filesystem::temp_directory_path() / "agentbox-test-XXXXXX";
    m_path = mkdtemp(name.data());
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  ScratchDirectory(ScratchDirectory&&) = delete;
  ScratchDirectory& operator=(ScratchDirectory&&) = delete;
  ~ScratchDirectory() {
    std::error_code error;
    std::filesystem::remove_all(m_path, error);
  }
  const std::filesystem::path& path() const { return m_path; }

private:
  std::filesystem::path m_path;
};

} // namespace agentbox::tests
