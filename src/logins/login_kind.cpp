// SPDX-License-Identifier: Apache-2.0
#include "logins/login_kind.hpp"

#include <algorithm>

namespace agentbox::logins {
namespace {

/// The file may also have the credentials of MCP servers (mcpOAuth), which stay on the host.
LoginKind claude() {
  LoginKind kind;
  kind.agent = "claude";
  kind.variable = "CLAUDE_CONFIG_DIR";
  kind.home_directory = ".claude";
  kind.file = ".credentials.json";
  kind.box_variable = "CLAUDE_SECURESTORAGE_CONFIG_DIR"; // only the credentials; it refuses a symbolic link
  kind.lock = ".oauth_refresh.lock";
  kind.lock_type = LoginKind::Lock::directory;
  kind.only = "claudeAiOauth";
  kind.hosts = {"platform.claude.com"};
  kind.sign_in = {"claude", "auth", "login"};
  kind.sign_in_variable = kind.box_variable;
  kind.sign_in_hosts = {"api.anthropic.com", "platform.claude.com"};
  return kind;
}

/// CODEX_HOME is also where settings and conversations are, so only auth.json is shared, through a symbolic link, which
/// Codex follows when it replaces the file.
LoginKind codex() {
  LoginKind kind;
  kind.agent = "codex";
  kind.variable = "CODEX_HOME";
  kind.home_directory = ".codex";
  kind.file = "auth.json";
  kind.lock = "auth.json.lock";
  kind.hosts = {"auth.openai.com"};
  kind.sign_in = {"codex", "login", "--device-auth"};
  kind.sign_in_variable = "CODEX_HOME"; // a sign-in removes the link first
  kind.sign_in_hosts = {"auth.openai.com"};
  return kind;
}

} // namespace

const std::vector<LoginKind>& login_kinds() {
  static const std::vector<LoginKind> kinds = {claude(), codex()};
  return kinds;
}

const LoginKind* find_login_kind(std::string_view agent) {
  const auto& kinds = login_kinds();
  const auto found =
      std::find_if(kinds.begin(), kinds.end(), [&](const LoginKind& kind) { return kind.agent == agent; });
  return found == kinds.end() ? nullptr : &*found;
}

} // namespace agentbox::logins
