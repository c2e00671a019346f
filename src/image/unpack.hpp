// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace agentbox::image {

/// The files of a vendor's tarball that are used.
struct PackageLayout {
  std::string prefix;                 ///< directory in the tarball that becomes the root: "package/vendor/…/"
  std::vector<std::string> only;      ///< the files below prefix that are used; empty: all
  std::vector<std::string> leave_out; ///< directories below prefix that are not used, each ending in a slash
  std::string program;                ///< must exist below prefix and be executable
};

/// Maxima for a tarball's content.
struct UnpackLimits {
  std::uint64_t bytes = 3ULL << 30U;
  std::size_t entries = 5000;
};

/// Unpacks the gzipped tar `archive` into the empty directory `directory`: regular files only, with mode 0755 or 0644
/// and the user's own owner and times. Throws Error(refused) for absolute names and "..", names with blanks,
/// backslashes or non-ASCII bytes, links, devices, setuid bits, a name that occurs twice, and content beyond `limits`,
/// even in files that are not used; writes nothing of such an entry. Throws Error(failed) when the archive is damaged
/// or lacks the program.
void unpack_package(const std::filesystem::path& archive, const std::filesystem::path& directory,
                    const PackageLayout& layout, const UnpackLimits& limits = {});

} // namespace agentbox::image
