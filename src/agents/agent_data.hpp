// SPDX-License-Identifier: Apache-2.0
// The data about each agent: agents/*.toml, compiled in. config/agent_file.hpp reads the files.
#pragma once
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace agentbox::agents {

/// [npm]: where an agent's files come from, and which of them are used.
struct NpmSource {
  std::string package;                          ///< its dist-tag "latest" is the newest version
  std::string version;                          ///< the only one to use; empty: the newest
  std::map<std::string, std::string> platforms; ///< "linux-x64-musl", "any": its NAME@VERSION, with {version}
  std::string prefix;                           ///< directory in the tarball that becomes the root; with {machine}
  std::vector<std::string> only;                ///< the files below prefix that are used; empty: all
  std::vector<std::string> leave_out;           ///< directories below prefix that are left out, with a trailing slash
  std::string program;                          ///< below prefix; a link in /usr/local/bin points to it

  bool operator==(const NpmSource&) const = default;
};

/// [[known_requests]]: a request that an agent makes at each interactive start, does not need, and cannot be configured
/// not to make. It is denied and audited like any other, but not reported to the user.
struct KnownRequest {
  std::string host;
  std::size_t lookups = 0; ///< DNS queries of one start; any more come from something else

  bool operator==(const KnownRequest&) const = default;
};

/// [login]: how an agent stores and renews its login.
struct LoginKind {
  enum class Lock { directory, file };

  std::string agent;
  std::string variable;        ///< of the caller's environment: the directory of the host's login
  std::string home_directory;  ///< that directory below the home directory, where the variable is not set
  std::string file;            ///< the login, below that directory; its name in the directory that boxes share
  std::string format;          ///< "claude", "codex" or "google": the names of its members
  std::string box_variable;    ///< names the shared directory in a box; empty: agent-entrypoint makes a symbolic link
  std::string lock;            ///< beside the file: what the agent locks before it replaces the login; empty: nothing
  Lock lock_type = Lock::file; ///< Lock::directory: mkdir(2), stale after a minute; Lock::file: flock(2)
  std::string only;            ///< the member of the file that is the login; empty: all of it
  std::vector<std::string> renewed; ///< JSON pointers in the login: what a renewal changes; the rest is never copied
  std::vector<std::string> hosts;   ///< where a login is renewed
  std::vector<std::string> sign_in; ///< argv of a sign-in
  std::string sign_in_variable;     ///< names the shared directory to that command
  std::vector<std::string> sign_in_hosts;
  std::vector<std::string> browser_sign_in; ///< argv of a sign-in that a browser answers on callback_port
  std::size_t callback_port = 0;
  std::string token_variable; ///< gives a box the token; empty: boxes share the file
  std::string token;          ///< JSON pointer to it, where "*" is the first member; empty: all API keys in the file

  bool operator==(const LoginKind&) const = default;
};

/// One file of agents/.
struct AgentData {
  std::string name;              ///< of the file
  std::string title;             ///< "Claude Code"
  bool in_default_image = false; ///< otherwise it has its own image
  bool is_runtime = false;       ///< not an agent: a program that runs agents
  bool glibc_only = false;       ///< does not run with musl
  std::string runtime;           ///< the file of the program that runs it; empty: none
  NpmSource npm;
  std::vector<std::string> command; ///< as in policy::Agent, and so are the next ones
  std::vector<std::string> prompt;
  std::vector<std::string> continue_last;
  std::vector<std::string> resume;
  std::vector<std::string> model;
  std::vector<std::string> models; ///< names for --model that the agent's vendor keeps stable: for completion
  std::vector<std::string> about;
  std::map<std::string, std::string> env;
  std::vector<std::string> auth;
  std::vector<std::string> history;
  std::vector<std::string> instructions;   ///< below the host's home: the user's own, for --instructions
  std::vector<std::string> home_files;     ///< of containerfiles/agent/home, for the home of the box
  std::vector<std::string> default_hosts;  ///< what every box may reach
  std::vector<std::string> hosts;          ///< what the agent needs from its vendor
  std::vector<std::string> hosts_with_key; ///< what it needs if a variable of key_variables is set; empty: hosts
  std::vector<std::string> key_variables;
  std::vector<std::string> provider_variables; ///< name another vendor, whose hosts agentbox does not know
  std::vector<KnownRequest> known_requests;
  std::map<std::string, std::string> unneeded; ///< hosts that the agent requests but does not need: why it does
  std::optional<LoginKind> login;

  bool operator==(const AgentData&) const = default;
};

/// Returns all agents, sorted by name.
const std::vector<AgentData>& agent_data();

/// Returns the data of agent `name`, or nullptr.
const AgentData* find_agent_data(std::string_view name);

} // namespace agentbox::agents
