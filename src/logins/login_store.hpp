// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <ctime>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "logins/login_content.hpp"
#include "logins/login_kind.hpp"

namespace agentbox::logins {

/// The origin of a box's login: the one made with `agentbox login`, or the host agent's.
enum class LoginOrigin { own, host };

/// The directories that store a login. Boxes only see `shared`. All boxes with this login share it, so that the agent's
/// own lock prevents two boxes from renewing it at the same time.
struct LoginPlace {
  const LoginKind* kind = nullptr;
  LoginOrigin origin = LoginOrigin::host;
  std::filesystem::path file;      ///< the login itself; of LoginOrigin::host, the agent's own file
  std::filesystem::path directory; ///< below $XDG_STATE_HOME/agentbox/logins

  std::string name() const { return std::filesystem::path(kind->file).filename(); } ///< of the file in shared()
  std::filesystem::path shared() const { return directory / "shared"; }
  std::filesystem::path previous() const { return directory / "previous"; } ///< the login before a box renewed it
};

/// Returns $XDG_STATE_HOME/agentbox/logins, without symbolic links. Creates nothing.
std::filesystem::path logins_directory();

/// Returns the place of a login. The host's follows the agent's own variable (CLAUDE_CONFIG_DIR, CODEX_HOME).
LoginPlace place_of(const LoginKind& kind, LoginOrigin origin);

/// Returns the place of agentbox's own login if there is one, else of the host's.
LoginPlace place_of(const LoginKind& kind);

/// Returns the place whose shared() is `mounted`; nothing for any other path.
std::optional<LoginPlace> place_of_mount(const std::filesystem::path& mounted);

/// The content of a login file, or why a box cannot use it.
struct LoginState {
  bool exists = false;
  std::optional<LoginContent> content;
  std::string problem; ///< empty if a box can use it
  std::string hint;
};

/// Reads the login at `place`. Never throws because of what the file contains.
LoginState examine(const LoginPlace& place, std::time_t now);

/// Stores `text`, the file that a sign-in wrote, as agentbox's own login. Throws Error(failed) if it is not a login.
LoginContent keep_own(const LoginKind& kind, const std::string& text, std::time_t now);

/// Removes agentbox's own login, including from running boxes. Returns whether there was one.
bool forget_own(const LoginKind& kind);

/// Reads file `name` below directory `fd`, where a box may have put anything: at most k_max_login bytes of a regular
/// file, following no link. Returns nothing for anything else.
std::optional<std::string> read_untrusted(int fd, const std::string& name);

} // namespace agentbox::logins
