// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <sys/types.h>
#include <vector>

namespace agentbox::oci {

/// One file of a generated set.
struct GeneratedFile {
  std::string path; ///< relative to the set's directory
  std::string content;
  mode_t mode = 0644;

  bool operator==(const GeneratedFile&) const = default;
};

/// The files that `agentbox generate` writes, in display order. Same policy and facts, same bytes.
using GeneratedSet = std::vector<GeneratedFile>;

} // namespace agentbox::oci
