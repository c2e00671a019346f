// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <sys/stat.h>
#include <vector>

#include "support/fd.hpp"

namespace agentbox::guard {

enum class FileType {
  none,      ///< does not exist
  directory, ///< S_ISDIR
  other,     ///< a file, or anything else except a symbolic link
};

/// Examines paths below a directory with untrusted content. The root is opened once, and each part of a path by
/// openat(2) without following symbolic links.
class Walk {
public:
  /// Throws Error(refused) when `root` cannot be opened.
  explicit Walk(std::filesystem::path root);

  const std::filesystem::path& root() const { return m_root; }

  /// Returns the type of `path`, which is relative and normal. Throws Error(refused) when a part of it is a symbolic
  /// link, or cannot be examined.
  FileType type_of(const std::filesystem::path& path) const;

  /// Return whether `name`, directly in the root, is a directory, or a regular file; a symbolic link is neither.
  bool is_directory(const std::string& name) const;
  bool is_file(const std::string& name) const;

  /// Returns the st_mode of `path`; 0 when it does not exist. Links on the way are followed.
  unsigned mode_of(const std::string& path) const;

  /// Opens directory `path` with O_PATH; none when it is not a directory. An empty path is the root. Throws like
  /// type_of().
  support::Fd open_directory(const std::filesystem::path& path) const;

  /// Returns the names in directory `path` except "." and "..", sorted, at most `max`; empty if not a directory.
  std::vector<std::string> names_in(const std::filesystem::path& path, std::size_t max) const;

  /// Returns the content of regular file `path`; nothing when it is not one, is longer than `max` bytes, or cannot be
  /// read.
  std::optional<std::string> read(const std::filesystem::path& path, std::size_t max) const;

  /// Returns the length of regular file `path` in bytes, without following links; nothing when it is not one.
  std::optional<std::uint64_t> length_of(const std::filesystem::path& path) const;

  /// Returns whether `path` is of this type (S_IFREG, S_IFDIR) for a program that follows links.
  bool leads_to(const std::string& path, unsigned type) const;

  /// Returns the target of symbolic link `path`, whose parents must not be links; nothing when it is not a link.
  std::optional<std::string> link_at(const std::string& path) const;

  /// Returns `absolute`, which is normal, relative to the root; nothing for the root itself and for paths outside. A
  /// path that reaches the root through links outside of it (/home -> /data/home) counts as inside.
  std::optional<std::string> below(const std::filesystem::path& absolute) const;

  /// Returns the same by comparing text only. Pure.
  std::optional<std::string> below_as_text(const std::filesystem::path& absolute) const;

private:
  support::Fd open_part(const std::filesystem::path& path) const;
  std::optional<struct stat> stat_of(const std::filesystem::path& path) const;

  std::filesystem::path m_root;
  support::Fd m_fd;
};

} // namespace agentbox::guard
