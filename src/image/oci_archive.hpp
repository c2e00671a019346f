// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "oci/seccomp/arch.hpp"

namespace agentbox::image {

/// An entry of an image's only layer. The owner is root and times are zero, so the same content gives the same bytes.
struct ImageEntry {
  struct Directory {};
  struct Text {
    std::string content;
  }; ///< a regular file with this content
  struct Copy {
    std::filesystem::path source;
  };                ///< a regular file with that file's content
  std::string path; ///< in the image, absolute and normal
  std::uint32_t mode = 0755;
  std::variant<Directory, Text, Copy> what;
};

/// The image's configuration (OCI image-spec, config.md).
struct ImageConfig {
  oci::seccomp::Arch arch = oci::seccomp::native_arch();
  std::vector<std::string> entrypoint;
  std::string user;
  std::map<std::string, std::string> labels;
};

/// A written archive.
struct ImageArchive {
  std::string id;                ///< SHA-256 of the configuration, hex: the image's ID in Podman
  std::string digest;            ///< SHA-256 of the manifest, hex
  std::uint64_t layer_bytes = 0; ///< size of the layer
};

/// Writes an OCI image archive (a tar of an OCI image layout) with one uncompressed layer to `archive` in one step: to
/// a temporary file, then rename(2). Parents that `entries` does not name are added with mode 0755. The order of
/// `entries` does not matter. Throws support::Error(failed) for a source that does not exist or is not a regular file,
/// and for a path that is not absolute and normal or occurs twice.
ImageArchive write_image_archive(const std::filesystem::path& archive, std::vector<ImageEntry> entries,
                                 const ImageConfig& config);

} // namespace agentbox::image
