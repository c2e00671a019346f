// SPDX-License-Identifier: Apache-2.0
#include "guard/workspace_walk.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "support/directory.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/text.hpp"

namespace agentbox::guard {
namespace fs = std::filesystem;
namespace {

using support::Error;
using support::ExitCode;
using support::Fd;
using support::system_error;

std::string shown(const fs::path& path) {
  return support::escape_untrusted(path.string(), 4096);
}

} // namespace

Walk::Walk(fs::path root)
    : m_root(std::move(root)), m_fd(open(m_root.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) {
  if (!m_fd) {
    throw system_error(ExitCode::refused, "cannot open the workspace " + shown(m_root), errno);
  }
}

Fd Walk::open_part(const fs::path& path) const {
  // Part by part only where that fails: to name the link, and on old kernels.
  struct stat whole {};
  Fd fd = support::open_beneath(m_fd.get(), path.native(), O_PATH);
  if (fd ? fstat(fd.get(), &whole) == 0 && !S_ISLNK(whole.st_mode) : errno == ENOENT || errno == ENOTDIR) {
    return fd;
  }
  Fd at(openat(m_fd.get(), ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  for (const fs::path& part : path) {
    Fd next(openat(at.get(), part.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!next && (errno == ENOENT || errno == ENOTDIR)) {
      return {};
    }
    struct stat info {};
    if (!next || fstat(next.get(), &info) != 0) {
      throw system_error(ExitCode::refused, "cannot examine " + shown(m_root / path), errno);
    }
    if (S_ISLNK(info.st_mode)) {
      throw Error(ExitCode::refused,
                  shown(m_root / path) + " cannot be protected: " + shown(part) + " is a symbolic link",
                  "check its target and replace it with a file or directory; or exclude " + shown(path) +
                      " in your own configuration: [protect] except, [mask] except");
    }
    at = std::move(next);
  }
  return at;
}

std::optional<struct stat> Walk::stat_of(const fs::path& path) const {
  const Fd fd = open_part(path);
  struct stat info {};
  return fd && fstat(fd.get(), &info) == 0 ? std::optional(info) : std::nullopt;
}

FileType Walk::type_of(const fs::path& path) const {
  const auto info = stat_of(path);
  return !info ? FileType::none : S_ISDIR(info->st_mode) ? FileType::directory : FileType::other;
}

unsigned Walk::mode_of(const std::string& path) const {
  struct stat info {};
  return fstatat(m_fd.get(), path.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 ? info.st_mode : 0;
}

bool Walk::is_directory(const std::string& name) const {
  return S_ISDIR(mode_of(name));
}

bool Walk::is_file(const std::string& name) const {
  return S_ISREG(mode_of(name));
}

Fd Walk::open_directory(const fs::path& path) const {
  Fd fd = open_part(path);
  struct stat info {};
  if (!fd || fstat(fd.get(), &info) != 0 || !S_ISDIR(info.st_mode)) {
    return {};
  }
  return fd;
}

std::vector<std::string> Walk::names_in(const fs::path& path, std::size_t max) const {
  std::vector<std::string> names;
  const Fd fd = open_directory(path);
  if (!fd) {
    return names;
  }
  support::DirectoryReader directory(Fd(openat(fd.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
  for (const support::DirectoryEntry* entry = nullptr; names.size() < max && (entry = directory.next()) != nullptr;) {
    names.emplace_back(entry->name);
  }
  if (!directory || directory.error() != 0) {
    throw system_error(ExitCode::refused, "cannot read " + shown(m_root / path), directory ? directory.error() : errno);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::optional<std::string> Walk::read(const fs::path& path, std::size_t max) const {
  const Fd fd = support::open_beneath(m_fd.get(), path.native(), O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!fd && (errno == ENOENT || errno == ENOTDIR)) {
    return std::nullopt;
  }
  struct stat info {};
  if (fd && fstat(fd.get(), &info) == 0 && S_ISREG(info.st_mode) && static_cast<std::uint64_t>(info.st_size) <= max) {
    std::string text(static_cast<std::size_t>(info.st_size) + 1, '\0');
    if (pread(fd.get(), text.data(), text.size(), 0) == info.st_size) {
      text.pop_back();
      return text;
    }
  }
  try { // a link, too long, changing, or an old kernel
    return support::read_file_beneath(m_root, path, max);
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::optional<std::uint64_t> Walk::length_of(const fs::path& path) const {
  try {
    const auto info = stat_of(path);
    return info && S_ISREG(info->st_mode) ? std::optional(static_cast<std::uint64_t>(info->st_size)) : std::nullopt;
  } catch (const Error&) {
    return std::nullopt; // a link
  }
}

bool Walk::leads_to(const std::string& path, unsigned type) const {
  struct stat info {};
  return fstatat(m_fd.get(), path.c_str(), &info, 0) == 0 && (info.st_mode & static_cast<unsigned>(S_IFMT)) == type;
}

std::optional<std::string> Walk::link_at(const std::string& path) const {
  std::array<char, 4096> target{};
  const ssize_t length = readlinkat(m_fd.get(), path.c_str(), target.data(), target.size());
  return length > 0 ? std::optional(std::string(target.data(), static_cast<std::size_t>(length))) : std::nullopt;
}

std::optional<std::string> Walk::below_as_text(const fs::path& absolute) const {
  const std::string& root = m_root.native();
  const std::string& text = absolute.native();
  const std::size_t length = root.ends_with('/') ? root.size() : root.size() + 1;
  const bool inside = text.size() > length && text.starts_with(root) && text[length - 1] == '/';
  return inside ? std::optional(text.substr(length)) : std::nullopt;
}

std::optional<std::string> Walk::below(const fs::path& absolute) const {
  if (auto inside = below_as_text(absolute); inside || absolute == m_root) {
    return inside;
  }
  struct stat root {};
  if (fstat(m_fd.get(), &root) != 0) {
    return std::nullopt;
  }
  fs::path above;
  for (auto part = absolute.begin(); part != absolute.end(); ++part) {
    above /= *part;
    struct stat info {};
    if (stat(above.c_str(), &info) != 0) {
      return std::nullopt;
    }
    if (info.st_dev == root.st_dev && info.st_ino == root.st_ino) {
      fs::path rest;
      for (++part; part != absolute.end(); ++part) {
        rest /= *part;
      }
      return rest.empty() ? std::nullopt : std::optional(rest.string());
    }
  }
  return std::nullopt;
}

} // namespace agentbox::guard
