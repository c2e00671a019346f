// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "image/image.hpp"

namespace agentbox::image {

/// Returns a line per file below `directory`, sorted: its path and support::fingerprint(). Links are followed.
std::string fingerprint_directory(const std::filesystem::path& directory);

/// cache_directory()/images.json: which image was made of which ingredients. A file that cannot be read counts as
/// empty: it is only a cache.
class ImagesState {
public:
  explicit ImagesState(std::filesystem::path path);
  /// Loads the one in cache_directory().
  static ImagesState load();

  std::optional<ImageRef> find(const std::string& key) const;
  /// Returns the files whose fingerprints were remembered with `key`.
  const std::map<std::string, std::string>& files(const std::string& key) const;
  /// Remembers `image` as made of `key`, and writes the file. Only the last 64 entries are kept.
  void remember(const std::string& key, const ImageRef& image, const std::map<std::string, std::string>& files = {});

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
