// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace agentbox::image {

/// Which files of a vendor's tarball are wanted.
struct PackageLayout {
  std::string prefix;                 ///< folder in the tarball that becomes the root: "package/vendor/…/"
  std::vector<std::string> only;      ///< files below prefix that are taken; empty: all
  std::vector<std::string> leave_out; ///< folders below prefix that are not, with a slash at the end
  std::string program;                ///< must be there and executable, below prefix
};

/// Bounds for a tarball's content.
struct UnpackLimits {
  std::uint64_t bytes = 3ULL << 30U;
  std::size_t entries = 5000;
};

/// Unpacks the gzipped tar `archive` into `folder`, an empty folder of ours. Regular files only; modes become 0755 or
/// 0644, owner and times are ours. Throws Error(refused) before it writes anything questionable, also for files that
/// are not wanted: absolute or "..", odd bytes in a name, links, devices, setuid bits, a path twice, too much of
/// anything. Throws Error(failed) when the archive is damaged or lacks the program.
void unpack_package(const std::filesystem::path& archive, const std::filesystem::path& folder,
                    const PackageLayout& layout, const UnpackLimits& limits = {});

} // namespace agentbox::image
