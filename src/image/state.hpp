// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "image/image.hpp"

namespace agentbox::image {

/// What tells cheaply that a file is still the same: size, mtime, inode. "missing" for a file that is not there.
std::string fingerprint(const std::filesystem::path& path);

/// One line per file of `folder` and below, sorted: its path and fingerprint(). Links are followed.
std::string fingerprint_folder(const std::filesystem::path& folder);

/// cache_folder()/images.json: which images were made of which ingredients. A file that cannot be read counts as empty:
/// it is a memory, not a promise, and the worst that forgetting costs is a question to Podman.
class ImagesState {
public:
  explicit ImagesState(std::filesystem::path path);
  /// The one in cache_folder().
  static ImagesState load();

  std::optional<ImageRef> find(const std::string& key) const;
  /// The files whose fingerprints were remembered with `key`.
  const std::map<std::string, std::string>& files(const std::string& key) const;
  /// Remembers `image` as made of `key`, and writes the file. Older entries than the last 64 are forgotten.
  void remember(const std::string& key, const ImageRef& image, const std::map<std::string, std::string>& files = {});
  /// Forgets `key` and writes the file.
  void forget(const std::string& key);

private:
  struct Entry {
    std::string key;
    ImageRef image;
    std::map<std::string, std::string> files;
  };
  const Entry* entry(const std::string& key) const;
  void write() const;

  std::filesystem::path m_path;
  std::vector<Entry> m_entries; ///< oldest first
};

} // namespace agentbox::image
