// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "oci/host_facts.hpp"

namespace agentbox::oci::bundle {

/// Limits for an image.
struct ExtractLimits {
  std::uint64_t bytes = 64ULL << 30U;      ///< all files together
  std::uint64_t file_bytes = 16ULL << 30U; ///< one file
  std::uint64_t entries = 4'000'000;
};

/// Extracts a tar archive (`podman export`) from descriptor `tar` into the working directory, which is empty. `ids`
/// maps the owners, users and groups alike; empty: everything belongs to this process. Extended attributes other than
/// security.capability and user.* are left out, and so are those that control an overlay filesystem.
/// Throws support::Error(refused), naming the entry, for an absolute path, "..", a path through a symbolic link, a
/// device, an owner that `ids` does not have, and anything above `limits`; Error(failed) for a damaged archive.
void extract(int tar, const std::vector<IdMapping>& ids, const ExtractLimits& limits);

} // namespace agentbox::oci::bundle
