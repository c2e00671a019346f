// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "generate/output_directory.hpp"
#include "generate/unpack_images.hpp"

namespace agentbox::tests {

/// Removes content like `agentbox generate`, but without a container.
inline void remove_content(const support::Fd& directory, const std::filesystem::path& /*temporary*/) {
  generate::remove_content(directory, generate::k_unfinished_file);
}

} // namespace agentbox::tests
