// SPDX-License-Identifier: Apache-2.0
#include "guard/letter_case.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <linux/fs.h>
#include <map>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "support/ascii.hpp"
#include "support/error.hpp"
#include "support/text.hpp"

namespace agentbox::guard {
namespace {

namespace fs = std::filesystem;

bool directory_ignores_case(const Walk& walk, const fs::path& path, const std::vector<std::string>& names) {
  const support::Fd place = walk.open_directory(path);
  if (!place) {
    return false; // gone, which the mount will notice
  }
  const support::Fd directory(openat(place.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct statfs system {};
  if (!directory || fstatfs(directory.get(), &system) != 0) {
    throw support::system_error(support::ExitCode::refused,
                                "cannot examine whether " +
                                    support::escape_untrusted((walk.root() / path).string(), 1000) +
                                    " is case-insensitive",
                                errno, "make it readable: chmod u+r");
  }
  unsigned long flags = 0;
  if (ioctl(directory.get(), FS_IOC_GETFLAGS, &flags) != 0) { // NOLINT(*-vararg)
    flags = 0;
  }
  const FileAt file_at = [&](const std::string& name) -> std::optional<std::pair<std::uint64_t, std::uint64_t>> {
    struct stat info {};
    const bool found = fstatat(directory.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 &&
                       (S_ISDIR(info.st_mode) || info.st_nlink == 1);
    return found ? std::optional(std::pair<std::uint64_t, std::uint64_t>(info.st_dev, info.st_ino)) : std::nullopt;
  };
  return ignores_case(static_cast<std::uint64_t>(system.f_type), flags) || leads_to_one_file(names, file_at);
}

} // namespace

std::optional<std::string> in_other_case(std::string_view name) {
  std::string other(name);
  std::transform(other.begin(), other.end(), other.begin(), [](char c) {
    constexpr int k_between = 'a' - 'A';
    return !support::is_letter(c) ? c : static_cast<char>(c >= 'a' ? c - k_between : c + k_between);
  });
  return other == name ? std::nullopt : std::optional(std::move(other));
}

bool ignores_case(std::uint64_t type, std::uint64_t flags) {
  constexpr std::uint64_t k_fat = 0x4d44;          // MSDOS_SUPER_MAGIC, also vfat
  constexpr std::uint64_t k_exfat = 0x2011BAB0;    // EXFAT_SUPER_MAGIC
  constexpr std::uint64_t k_casefold = 0x40000000; // FS_CASEFOLD_FL
  return type == k_fat || type == k_exfat || (flags & k_casefold) != 0;
}

bool leads_to_one_file(const std::vector<std::string>& names, const FileAt& file_at) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    const auto other = in_other_case(name);
    const auto file = other ? file_at(name) : std::nullopt;
    return file && file == file_at(*other);
  });
}

void require_case_sensitive(const Walk& walk, const std::vector<std::string>& guarded) {
  constexpr std::size_t k_sample = 16;
  std::map<fs::path, std::vector<std::string>> names = {{"", walk.names_in("", k_sample)}};
  for (const std::string& text : guarded) {
    for (fs::path path(text); !path.empty(); path = path.parent_path()) {
      names[path.parent_path()].push_back(path.filename().string());
    }
  }
  for (const auto& [directory, those] : names) {
    if (directory_ignores_case(walk, directory, those)) {
      throw support::Error(support::ExitCode::refused,
                           support::escape_untrusted((walk.root() / directory).string(), 1000) +
                               " is case-insensitive: .GIT/CONFIG would bypass the protection of .git/config",
                           "move the project to a case-sensitive directory (ext4 without chattr +F, xfs, btrfs)");
    }
  }
}

} // namespace agentbox::guard
