// SPDX-License-Identifier: Apache-2.0
#include "entrypoint/agent_keys.hpp"

#include <algorithm>
#include <array>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <initializer_list>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/protocol.hpp"

namespace agentbox::entrypoint {
namespace {

using Path = std::array<char, PATH_MAX>;

/// Returns the variable's value if it needs no escaping in JSON and is not longer than a key can be, else nothing.
std::string_view key_from(const char* variable) {
  const char* const value = std::getenv(variable);
  const std::string_view key = value == nullptr ? "" : value;
  constexpr std::size_t k_max = 1024;
  const bool plain =
      std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c <= '~' && c != '"' && c != '\\'; });
  return plain && key.size() <= k_max ? key : std::string_view();
}

bool below_home(const char* name, Path& path) {
  const char* const home = std::getenv("HOME");
  const int length = home == nullptr ? -1 : std::snprintf(path.data(), path.size(), "%s/%s", home, name);
  return length > 0 && static_cast<std::size_t>(length) < path.size();
}

bool write_all(int fd, std::initializer_list<std::string_view> parts) {
  for (std::string_view part : parts) {
    while (!part.empty()) {
      const ssize_t count = write(fd, part.data(), part.size());
      if (count <= 0) {
        return false;
      }
      part.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  return true;
}

/// Adds the approval of the key to the image's ~/.claude.json, as the first member.
void approve_for_claude() {
  constexpr std::size_t k_known_by = 20;
  std::string_view key = key_from("ANTHROPIC_API_KEY");
  Path file;
  Path aside;
  if (key.empty() || !below_home(".claude.json", file) || !below_home(".claude.json.new", aside)) {
    return;
  }
  key.remove_prefix(key.size() - std::min(key.size(), k_known_by));
  std::array<char, 16384> buffer;
  const int in = open(file.data(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  const ssize_t count = in < 0 ? -1 : read(in, buffer.data(), buffer.size());
  close(in);
  const std::string_view text(buffer.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
  // A comma only if there is another member.
  if (text.size() == buffer.size() || !text.starts_with('{') || text.find('"') == std::string_view::npos ||
      text.find("\"customApiKeyResponses\"") != std::string_view::npos) {
    return;
  }
  const int out = open(aside.data(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (out < 0) {
    return;
  }
  const bool written =
      write_all(out, {R"({"customApiKeyResponses":{"approved":[")", key, R"("],"rejected":[]},)", text.substr(1)});
  close(out);
  if (!written || rename(aside.data(), file.data()) != 0) {
    unlink(aside.data());
  }
}

void log_in_codex() {
  std::string_view key = key_from("CODEX_API_KEY");
  key = key.empty() ? key_from("OPENAI_API_KEY") : key;
  Path link;
  struct stat info {};
  if (key.empty() || !below_home(".codex/auth.json", link) || lstat(link.data(), &info) == 0) {
    return;
  }
  std::array<char, 32> target{"/dev/shm/codex-auth-XXXXXX"};
  const int out = mkostemp(target.data(), O_CLOEXEC); // 0600
  if (out < 0) {
    return;
  }
  const bool written = write_all(out, {R"({"OPENAI_API_KEY":")", key, "\"}\n"});
  close(out);
  if (!written || symlink(target.data(), link.data()) != 0) {
    unlink(target.data());
  }
}

/// Makes `file` in the home a link to the login of `agent`, if the box has one.
void link_login(const char* agent, const std::string& file) {
  Path directory;
  Path link;
  Path aside;
  const std::string name = std::string(protocol::k_login_directory) + "/" + agent;
  struct stat info {};
  if (!below_home(name.c_str(), directory) || stat(directory.data(), &info) != 0 || !below_home(file.c_str(), link) ||
      !below_home((file + ".new").c_str(), aside)) {
    return;
  }
  const std::string target = directory.data() + file.substr(file.rfind('/'));
  unlink(aside.data());
  if (symlink(target.c_str(), aside.data()) == 0 && rename(aside.data(), link.data()) != 0) {
    unlink(aside.data());
  }
}

} // namespace

void link_logins() {
  link_login("codex", ".codex/auth.json");
  link_login("gemini", ".gemini/oauth_creds.json");
}

void prepare_keys(std::string_view program) {
  program.remove_prefix(program.rfind('/') + 1); // npos + 1 is 0
  if (program == "claude") {
    approve_for_claude();
  } else if (program == "codex") {
    log_in_codex();
  }
}

} // namespace agentbox::entrypoint
