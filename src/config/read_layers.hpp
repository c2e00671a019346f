// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "config/layer.hpp"
#include "config/sources.hpp"

namespace agentbox::config {

/// What the files of the sources say.
struct LayersRead {
  std::vector<Layer> layers;  ///< lowest first; the project's, if there is one, is the last
  std::string project_digest; ///< sha256 over the project's file and its allow file; empty without a project's file
};

/// Reads the files of `sources` and the allow files that they name. A file that cannot be read is a mistake; one that
/// is not there is none, but for an allow file.
LayersRead read_layers(const Sources& sources, policy::Diagnostics& diagnostics);

} // namespace agentbox::config
