// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <sys/types.h>

namespace agentbox::config {

/// The login of an agent, as load() found it.
struct LoginSource {
  std::filesystem::path shared; ///< what boxes mount; may be missing
  std::string problem;          ///< why no box can use it; empty if one can
  std::string hint;
  std::string token = {}; ///< of a login that boxes get as a variable
};

/// The directory in which an agent keeps its settings and its user's instructions.
struct AgentDirectory {
  std::filesystem::path on_host; ///< absolute; from the agent's own variable if set (CLAUDE_CONFIG_DIR, CODEX_HOME)
  std::string in_home;           ///< below a home directory in which that variable is not set: ".claude"
};

/// The paths that the configuration is read from. Plain values, so that tests can use a temporary directory.
struct Sources {
  std::optional<std::filesystem::path> system_file; ///< /etc/agentbox/config.toml; may be missing
  std::optional<uid_t> system_owner;                ///< its required owner, root; none: not checked
  std::optional<std::filesystem::path> user_file;   ///< $XDG_CONFIG_HOME/agentbox/config.toml; may be missing
  std::filesystem::path workspace;         ///< canonical (workspace.hpp); its .agentbox/config.toml may be missing
  std::filesystem::path home;              ///< base of "~/" and of `auth` paths
  std::filesystem::path current_directory; ///< base of relative paths on the command line
  std::filesystem::path conversations;     ///< where this project's conversations are kept; may be missing
  std::filesystem::path kept_home;         ///< where this project's home is kept; may be missing
  std::filesystem::path sets;              ///< the installed sets of hosts (host_sets.hpp)
  std::map<std::string, AgentDirectory> agent_directories; ///< by agent
  std::map<std::string, LoginSource> logins;               ///< by agent; only those that a box is to get
  std::optional<std::string> last_agent;                   ///< the agent that ran last (last_agent.hpp)
  std::optional<std::string> ssl_cert_file; ///< $SSL_CERT_FILE: the CA bundle when no configuration names one
};

/// Returns the usual sources; reads the environment and the state directory.
Sources standard_sources(const std::filesystem::path& workspace);

} // namespace agentbox::config
