// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/config_layer.hpp"
#include "config/sources.hpp"

namespace agentbox::config {

/// The text of each file of a project's configuration; empty where there is none.
struct ProjectTexts {
  std::string config;      ///< .agentbox/config.toml
  std::string allow_file;  ///< the file that network.allow_file names
  std::string saved_hosts; ///< .agentbox/saved-hosts.txt
  std::string sets;        ///< the sets of hosts that config names, as they are installed (sets_text())

  /// Returns the SHA-256 over all of them, which the user agrees to (trust.hpp).
  std::string digest() const;
  /// Returns all of them in the form that is shown to the user.
  std::string shown() const;
};

/// The parsed files of the sources.
struct LayersRead {
  std::vector<ConfigLayer> layers;     ///< lowest first; the project's, if there is one, is the last
  std::optional<ProjectTexts> project; ///< none when the project has no configuration
  std::string user_saved_hosts;        ///< text of the user's saved-hosts.txt
};

/// Reads the administrator's layer, which is empty if the file does not exist. A file that is not owned by
/// `system_owner`, or that other users can write, is a mistake. The same applies to its allow file.
ConfigLayer read_system_layer(const Sources& sources, policy::Diagnostics& diagnostics);

/// Reads the files of `sources`, the allow files that they name, and the saved hosts next to them. A file that cannot
/// be read is a mistake, and so is an allow file that does not exist; other missing files are not.
LayersRead read_layers(const Sources& sources, policy::Diagnostics& diagnostics);

/// Adds the saved hosts beside the user's or the project's configuration to `layer`, by its kind. Returns the text of
/// the file.
std::string add_saved_hosts(ConfigLayer& layer, const Sources& sources, policy::Diagnostics& diagnostics);

/// Returns the path of the saved hosts of the user or of the project.
std::filesystem::path saved_hosts_file(const Sources& sources, LayerKind kind);

} // namespace agentbox::config
