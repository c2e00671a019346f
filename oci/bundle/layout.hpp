// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "oci/bundle/image_layer.hpp"
#include "oci/seccomp/arch.hpp"

namespace agentbox::oci::bundle {

/// One layer of an image.
struct LayerBlob {
  std::string digest; ///< SHA-256, hex
  std::uint64_t size = 0;
};

/// The layers of the only image in the OCI image layout `folder` (`podman save --format oci-dir`), lowest first; of an
/// index the one for `arch`. Throws support::Error: refused for a layout that is not what the specification says (media
/// types, digests that are no SHA-256), failed for missing files.
std::vector<LayerBlob> read_layout(const std::filesystem::path& folder, seccomp::Arch arch);

/// Unpacks every layer of the image in layout `folder` to `rootfs`, an empty folder, and checks each layer's digest on
/// the way. Throws as unpack_layer() does; then `rootfs` holds a part, and must be thrown away.
UnpackProgress unpack_image(const std::filesystem::path& folder, Rootfs& rootfs, const UnpackLimits& limits,
                            seccomp::Arch arch = seccomp::native_arch());

} // namespace agentbox::oci::bundle
