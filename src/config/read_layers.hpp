// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "config/config_layer.hpp"
#include "config/sources.hpp"

namespace agentbox::config {

/// What the files of the sources say.
struct LayersRead {
  std::vector<Layer> layers;      ///< lowest first; the project's, if there is one, is the last
  std::string project_digest;     ///< sha256 over the project's file and its allow file; empty without a project's file
  std::string project_allow_text; ///< of the project's allow file, if it names one
  std::string project_text;       ///< what the digest is of, to be shown: the file, then the allow file
};

/// Reads the files of `sources` and the allow files that they name. A file that cannot be read is a mistake; one that
/// is not there is none, but for an allow file.
LayersRead read_layers(const Sources& sources, policy::Diagnostics& diagnostics);

/// The digest of a project's configuration: of its file's text, and of its allow file's.
std::string project_digest(const std::string& config, const std::string& allow_file);
/// What that digest is of, as the user is shown it.
std::string project_text(const std::string& config, const std::string& allow_file);

} // namespace agentbox::config
