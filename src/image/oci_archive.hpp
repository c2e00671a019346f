// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "oci/seccomp/arch.hpp"

namespace agentbox::oci {

/// One entry of an image's only layer. Owner is root, times are zero: the same content gives the same bytes.
struct ImageEntry {
  struct Folder {};
  struct Text {
    std::string content;
  }; ///< a regular file with this content
  struct Copy {
    std::filesystem::path source;
  };                ///< a regular file with that file's content
  std::string path; ///< absolute in the image, normal
  std::uint32_t mode = 0755;
  std::variant<Folder, Text, Copy> what;
};

/// What the image's config says (OCI image-spec config).
struct ImageConfig {
  seccomp::Arch arch = seccomp::native_arch();
  std::vector<std::string> entrypoint;
  std::string user;
  std::string working_dir = "/";
  std::map<std::string, std::string> labels;
};

/// A written archive.
struct ImageArchive {
  std::string id;                ///< SHA-256 of the config, hex: what Podman calls the image's ID
  std::string digest;            ///< SHA-256 of the manifest, hex
  std::uint64_t layer_bytes = 0; ///< of the layer
};

/// Writes an OCI image archive (a tar of an OCI image layout) with one uncompressed layer to `archive`, in one step:
/// aside, then renamed. `name` ("localhost/agentbox/firewall:0.1.0") is what `podman load` calls it; empty: no name.
/// Parent folders that `entries` does not name are added with mode 0755. The order of `entries` does not matter.
/// Throws support::Error(failed) naming the file: a source that is missing or no regular file, a path that is not
/// absolute and normal, or named twice.
ImageArchive write_image_archive(const std::filesystem::path& archive, const std::string& name,
                                 std::vector<ImageEntry> entries, const ImageConfig& config);

} // namespace agentbox::oci
