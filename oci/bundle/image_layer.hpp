// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "oci/bundle/rootfs.hpp"

namespace agentbox::oci::bundle {

/// Bounds for an image. Past one of them it is refused.
struct UnpackLimits {
  std::uint64_t bytes = 64ULL << 30U;        ///< of all files together
  std::uint64_t file_bytes = 16ULL << 30U;   ///< of one file
  std::uint64_t entries = 4'000'000;         ///< of all layers together
  std::uint64_t sparse_bytes = 64ULL << 20U; ///< of a file with holes: an honest image has no large ones
  std::uint64_t ratio = 200;                 ///< files to compressed layer, once there is more than ratio_free
  std::uint64_t ratio_free = 2ULL << 30U;
};

/// What was unpacked so far; carried from layer to layer.
struct UnpackProgress {
  std::uint64_t bytes = 0;
  std::uint64_t entries = 0;
};

/// Where a layer's bytes come from: puts at most `size` of them to `buffer`, 0 at the end. Throws on failure.
using ReadBytes = std::function<std::size_t(char* buffer, std::size_t size)>;

/// Unpacks one layer (tar; gzip or zstd around it) over what `rootfs` has, whiteouts included. Streams: memory does not
/// grow with the layer's size, only by 8 bytes an entry.
/// Throws support::Error(refused), naming the entry: absolute paths and "..", anything below a symbolic link, devices
/// (except the plain ones of /dev, which every container gets anew and which are skipped), sockets, large sparse files,
/// extended attributes that steer a kernel's filesystem, whatever is past `limits`. (failed): a damaged layer.
void unpack_layer(const ReadBytes& read, std::uint64_t packed_bytes, Rootfs& rootfs, const UnpackLimits& limits,
                  UnpackProgress& progress);

} // namespace agentbox::oci::bundle
