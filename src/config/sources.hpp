// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <optional>
#include <string>

namespace agentbox::config {

/// Where a configuration is read from. Plain values, so that tests can put everything into a folder of theirs.
struct Sources {
  std::optional<std::filesystem::path> system_file; ///< /etc/agentbox/config.toml; may be missing
  std::optional<std::filesystem::path> user_file;   ///< $XDG_CONFIG_HOME/agentbox/config.toml; may be missing
  std::filesystem::path workspace;          ///< canonical (workspace.hpp); its .agentbox/config.toml may be missing
  std::filesystem::path home;               ///< what "~/" means, and what `auth` paths are below
  std::filesystem::path current_folder;     ///< what relative paths of the command line mean
  std::optional<std::string> last_agent;    ///< the agent that ran last (last_agent.hpp)
  std::optional<std::string> ssl_cert_file; ///< $SSL_CERT_FILE: the CA bundle when no configuration names one
};

/// The sources of an ordinary call: reads the environment and the state folder.
Sources standard_sources(const std::filesystem::path& workspace);

} // namespace agentbox::config
