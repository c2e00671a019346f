// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "support/fd.hpp"

namespace agentbox::guard {

enum class FileType {
  none,   ///< nothing is there
  folder, ///< S_ISDIR
  other,  ///< a file, or anything else that is no symbolic link
};

/// Looks at paths below a folder of which somebody else may have made the content: opened once, each part by openat(2)
/// without following a symbolic link.
class Walk {
public:
  /// Throws Error(refused) when `root` cannot be opened.
  explicit Walk(std::filesystem::path root);

  const std::filesystem::path& root() const { return m_root; }

  /// What `path`, which is relative and normal, is. Throws Error(refused) when a part of it is a symbolic link, or
  /// cannot be looked at.
  FileType type_of(const std::filesystem::path& path) const;

  /// Whether `name`, right in the root, is a folder, or a regular file; a symbolic link is neither.
  bool is_folder(const std::string& name) const;
  bool is_file(const std::string& name) const;

  /// Folder `path`, O_PATH; none when it does not exist or is none. An empty path is the root. Throws like type_of().
  support::Fd open_folder(const std::filesystem::path& path) const;

  /// The names in folder `path` but "." and "..", sorted, at most `most`; empty when there is no such folder.
  std::vector<std::string> names_in(const std::filesystem::path& path, std::size_t most) const;

  /// The content of regular file `path`; nothing when it does not exist, is something else, is longer than `most`
  /// bytes, or cannot be read.
  std::optional<std::string> read(const std::filesystem::path& path, std::size_t most) const;

  /// The length of regular file `path`, without following a link in it; nothing when there is none.
  std::optional<std::uint64_t> length_of(const std::filesystem::path& path) const;

  /// Whether a program that follows links finds a regular file at `path`.
  bool leads_to_file(const std::string& path) const;

  /// The target of the symbolic link `path`, in the folders above which no link may be; nothing when it is none.
  std::optional<std::string> link_at(const std::string& path) const;

  /// `absolute`, which is normal, relative to the root: nothing when it is the root or does not lie below. A path that
  /// comes to the root by links outside of it (/home -> /data/home) counts.
  std::optional<std::string> below(const std::filesystem::path& absolute) const;

  /// The same by the text alone. Pure.
  std::optional<std::string> below_as_text(const std::filesystem::path& absolute) const;

private:
  support::Fd open_part(const std::filesystem::path& path) const;
  unsigned mode_of(const std::string& name) const;

  std::filesystem::path m_root;
  support::Fd m_fd;
};

} // namespace agentbox::guard
