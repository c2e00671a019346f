// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace agentbox::logins {

/// How a built-in agent stores and renews its login. Found by experiment with Claude Code 2.1.330 and Codex 0.169.
struct LoginKind {
  enum class Lock { directory, file };

  std::string agent;
  std::string variable;        ///< of the caller's environment: the directory of the host's login
  std::string home_directory;  ///< that directory below the home directory, where the variable is not set
  std::string file;            ///< the login, in that directory and in the one that boxes share
  std::string box_variable;    ///< names the shared directory in a box; empty: agent-entrypoint makes a symbolic link
  std::string lock;            ///< beside the file: what the agent itself locks before it replaces the login
  Lock lock_type = Lock::file; ///< Lock::directory: mkdir(2), stale after a minute; Lock::file: flock(2)
  std::string only;            ///< the member of the file that is the login; empty: all of it
  std::vector<std::string> hosts;   ///< where a login is renewed
  std::vector<std::string> sign_in; ///< argv of a sign-in
  std::string sign_in_variable;     ///< names the shared directory to that command
  std::vector<std::string> sign_in_hosts;
};

/// Returns the built-in agents that can sign in.
const std::vector<LoginKind>& login_kinds();

/// Returns the kind of agent `agent`, or nullptr.
const LoginKind* find_login_kind(std::string_view agent);

} // namespace agentbox::logins
