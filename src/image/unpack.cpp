// SPDX-License-Identifier: Apache-2.0
#include "image/unpack.hpp"

#include <algorithm>
#include <archive.h>
#include <archive_entry.h>
#include <cerrno>
#include <fcntl.h>
#include <memory>
#include <set>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

#include "image/archive_reader.hpp"
#include "support/error.hpp"
#include "support/fd.hpp"
#include "support/text.hpp"

namespace agentbox::image {
namespace {

using support::Error;
using support::ExitCode;
namespace fs = std::filesystem;

[[noreturn]] void damaged(const fs::path& path, archive* reader) {
  const char* why = archive_error_string(reader);
  throw Error(ExitCode::failed, "cannot unpack " + path.string() + ": " +
                                    support::escape_untrusted(why == nullptr ? "unknown error" : why));
}

[[noreturn]] void hostile(const std::string& name, const std::string& why) {
  throw Error(ExitCode::refused, "unsafe agent package: " + support::escape_untrusted(name) + " " + why,
              "the vendor does not publish such a package; do not use it");
}

ArchiveReader open_archive(const fs::path& path) {
  ArchiveReader reader(archive_read_new());
  archive_read_support_filter_gzip(reader.get());
  archive_read_support_format_tar(reader.get());
  constexpr std::size_t k_block = 1U << 18U;
  if (archive_read_open_filename(reader.get(), path.c_str(), k_block) != ARCHIVE_OK) {
    damaged(path, reader.get());
  }
  return reader;
}

/// Refuses names that no vendor's package has.
void check_name(const std::string& name) {
  const bool odd = std::any_of(name.begin(), name.end(), [](char c) { return c <= ' ' || c > '~' || c == '\\'; });
  if (name.empty() || name.size() > 1024 || name.front() == '/' || odd) {
    hostile(name, "is not a valid path");
  }
  std::string_view rest = name;
  while (!rest.empty()) {
    const std::string_view part = rest.substr(0, rest.find('/'));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    if (part.empty() || part == "." || part == "..") {
      hostile(name, "is not a valid path");
    }
  }
}

void check_entry(archive_entry* entry, const std::string& name) {
  check_name(name.ends_with('/') ? name.substr(0, name.size() - 1) : name);
  if (archive_entry_hardlink(entry) != nullptr || archive_entry_symlink(entry) != nullptr) {
    hostile(name, "is a link");
  }
  const auto type = archive_entry_filetype(entry);
  if (type != AE_IFREG && type != AE_IFDIR) {
    hostile(name, "is neither a file nor a directory");
  }
  if ((archive_entry_perm(entry) & 07000U) != 0) {
    hostile(name, "has setuid, setgid or sticky bits");
  }
}

bool is_wanted(const std::string& path, const PackageLayout& layout) {
  const auto starts = [&](const std::string& directory) { return path.starts_with(directory); };
  return !path.empty() && std::none_of(layout.leave_out.begin(), layout.leave_out.end(), starts) &&
         (layout.only.empty() || std::find(layout.only.begin(), layout.only.end(), path) != layout.only.end());
}

void write_entry(archive* reader, archive_entry* entry, const fs::path& archive_path, const fs::path& target) {
  fs::create_directories(target.parent_path());
  const mode_t mode = (archive_entry_perm(entry) & 0111U) != 0 ? 0755 : 0644;
  const support::Fd fd(open(target.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!fd) {
    throw support::system_error(ExitCode::failed, "cannot create " + target.string(), errno);
  }
  fchmod(fd.get(), mode); // whatever the umask
  if (archive_read_data_into_fd(reader, fd.get()) != ARCHIVE_OK) {
    if (archive_errno(reader) == ENOSPC) {
      throw support::system_error(ExitCode::failed, "cannot write " + target.string(), ENOSPC, "free some disk space");
    }
    damaged(archive_path, reader);
  }
}

class UnpackBudget {
public:
  explicit UnpackBudget(const UnpackLimits& limits) : m_limits(limits) {}
  void charge(archive_entry* entry, const std::string& name) {
    const la_int64_t size = archive_entry_size(entry);
    m_bytes += size < 0 ? m_limits.bytes + 1 : static_cast<std::uint64_t>(size);
    if (++m_entries > m_limits.entries || m_bytes > m_limits.bytes) {
      hostile(name, "makes the package larger than any agent's");
    }
    if (!m_names.insert(name).second) {
      hostile(name, "occurs twice");
    }
  }

private:
  UnpackLimits m_limits;
  std::uint64_t m_bytes = 0;
  std::size_t m_entries = 0;
  std::set<std::string> m_names;
};

} // namespace

void unpack_package(const fs::path& archive_path, const fs::path& directory, const PackageLayout& layout,
                    const UnpackLimits& limits) {
  const ArchiveReader reader = open_archive(archive_path);
  UnpackBudget budget(limits);
  while (true) {
    archive_entry* entry = nullptr;
    const int result = archive_read_next_header(reader.get(), &entry);
    if (result == ARCHIVE_EOF) {
      break;
    }
    if (result != ARCHIVE_OK) {
      damaged(archive_path, reader.get());
    }
    const char* raw_name = archive_entry_pathname(entry);
    const std::string name = raw_name == nullptr ? "" : raw_name;
    check_entry(entry, name);
    budget.charge(entry, name);
    if (archive_entry_filetype(entry) == AE_IFREG && name.starts_with(layout.prefix)) {
      const std::string path = name.substr(layout.prefix.size());
      if (is_wanted(path, layout)) {
        write_entry(reader.get(), entry, archive_path, directory / path);
      }
    }
  }
  if (access((directory / layout.program).c_str(), X_OK) != 0) {
    throw Error(ExitCode::failed, "the agent's package lacks its program " + layout.program,
                "the vendor has changed the package: update agentbox, or remove your lock file to return to the "
                "installed versions");
  }
}

} // namespace agentbox::image
