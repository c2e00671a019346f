// SPDX-License-Identifier: Apache-2.0
#include "logins/login_store.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "logins/login_lock.hpp"
#include "support/digest.hpp"
#include "support/directory.hpp"
#include "support/error.hpp"
#include "support/fd.hpp"
#include "support/file.hpp"
#include "support/local_time.hpp"
#include "support/text.hpp"

namespace agentbox::logins {
namespace {

namespace fs = std::filesystem;
using support::Error;
using support::ExitCode;

constexpr const char* k_own = "own";
constexpr const char* k_host = "host";

fs::path host_directory(const LoginKind& kind) {
  const char* const value = std::getenv(kind.variable.c_str());
  return value != nullptr && *value != '\0' ? fs::absolute(value) : support::home_directory() / kind.home_directory;
}

// Each directory of the host's agent has its own login, perhaps of another account, which other boxes must not
// see.
fs::path directory_of(const LoginKind& kind, LoginOrigin origin) {
  constexpr std::size_t k_digits = 16;
  std::string name = k_own;
  if (origin == LoginOrigin::host) {
    std::error_code error;
    const fs::path used = fs::weakly_canonical(host_directory(kind), error);
    const fs::path usual = fs::weakly_canonical(support::home_directory() / kind.home_directory, error);
    name = used == usual ? k_host : k_host + ("-" + support::sha256_hex(used.native()).substr(0, k_digits));
  }
  return logins_directory() / kind.agent / name;
}

std::string how_to_sign_in(const LoginPlace& place) {
  return place.origin == LoginOrigin::own
             ? "agentbox login " + place.kind->agent
             : fmt::format("log in again with {0} on the host, or: agentbox login {0}", place.kind->agent);
}

} // namespace

fs::path logins_directory() {
  std::error_code error;
  const fs::path state = support::state_directory();
  const fs::path real = fs::weakly_canonical(state, error);
  return (error ? state : real) / "logins";
}

LoginPlace place_of(const LoginKind& kind, LoginOrigin origin) {
  const fs::path directory = directory_of(kind, origin);
  return {&kind, origin,
          origin == LoginOrigin::own ? directory / fs::path(kind.file).filename()
                                     : (host_directory(kind) / kind.file).lexically_normal(),
          directory};
}

LoginPlace place_of(const LoginKind& kind) {
  const LoginPlace own = place_of(kind, LoginOrigin::own);
  std::error_code error;
  return fs::exists(fs::symlink_status(own.file, error)) ? own : place_of(kind, LoginOrigin::host);
}

std::optional<LoginPlace> place_of_mount(const fs::path& mounted) {
  for (const LoginKind& kind : login_kinds()) {
    for (const LoginOrigin origin : {LoginOrigin::own, LoginOrigin::host}) {
      LoginPlace place = place_of(kind, origin);
      if (place.shared() == mounted) {
        return place;
      }
    }
  }
  return std::nullopt;
}

LoginState examine(const LoginPlace& place, std::time_t now) {
  LoginState state;
  const std::string shown = support::in_quotes(place.file.string(), 4096);
  std::optional<std::string> text;
  try {
    text = support::read_file_if_exists(place.file, k_max_login);
  } catch (const Error& error) {
    state.exists = true;
    state.problem = support::escape_untrusted(error.what(), 4096);
    state.hint = how_to_sign_in(place);
    return state;
  }
  state.exists = text.has_value();
  if (!text) {
    state.problem =
        fmt::format("there is no login for {}: agentbox has none, and {} does not exist", place.kind->agent, shown);
    state.hint = fmt::format("agentbox login {0}, or log in with {0} on the host; a key can be passed with --env",
                             place.kind->agent);
    return state;
  }
  state.content = parse_login(*place.kind, *text, now);
  if (text->find_first_not_of(" \t\r\n") == std::string::npos) {
    state.problem = fmt::format("the login for {} is empty: {}", place.kind->agent, shown);
  } else if (!state.content) {
    state.problem = fmt::format("{} does not contain a login for {}", shown, place.kind->agent);
  } else if (state.content->is_over(now)) {
    const std::time_t end = state.content->renewable ? state.content->ends : state.content->expires;
    state.problem = fmt::format(
        "the login for {} has expired and cannot be renewed ({}): {}", place.kind->agent,
        state.content->usable ? support::local_time(end, "%Y-%m-%d %H:%M") : "revoked by the vendor", shown);
  }
  if (!state.problem.empty()) {
    state.hint = how_to_sign_in(place);
  }
  return state;
}

LoginContent keep_own(const LoginKind& kind, const std::string& text, std::time_t now) {
  const LoginPlace place = place_of(kind, LoginOrigin::own);
  const auto content = parse_login(kind, text, now);
  if (!content || content->is_over(now)) {
    throw Error(ExitCode::failed, kind.agent + " did not store a login", "try again: agentbox login " + kind.agent);
  }
  support::make_private_directory(place.directory);
  const LaunchersLock lock(place.directory, LaunchersLock::Wait::yes);
  support::write_file(place.file, content->text);
  return *content;
}

bool forget_own(const LoginKind& kind) {
  const LoginPlace place = place_of(kind, LoginOrigin::own);
  std::error_code error;
  if (!fs::is_directory(fs::symlink_status(place.directory, error))) {
    return false;
  }
  const LaunchersLock lock(place.directory, LaunchersLock::Wait::yes);
  const bool existed = fs::exists(fs::symlink_status(place.file, error));
  for (const fs::path& path : {place.file, place.previous(), place.directory / k_base_file}) {
    if (unlink(path.c_str()) != 0 && errno != ENOENT) {
      throw support::system_error(ExitCode::failed, "cannot remove " + path.string(), errno);
    }
  }
  const support::Fd shared(open(place.shared().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  // A directory that a box left there is not a login.
  if (shared && unlinkat(shared.get(), place.name().c_str(), 0) != 0 && errno != ENOENT && errno != EISDIR) {
    throw support::system_error(ExitCode::failed, "cannot remove the login in " + place.shared().string(), errno);
  }
  return existed;
}

std::optional<std::string> read_untrusted(int fd, const std::string& name) {
  const support::Fd file = support::open_beneath(fd, name, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  struct stat info {};
  if (!file || fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode) || info.st_size < 0 ||
      static_cast<std::size_t>(info.st_size) > k_max_login) {
    return std::nullopt;
  }
  try {
    return support::read_all(file.get(), name, k_max_login);
  } catch (const Error&) { // it grew
    return std::nullopt;
  }
}

} // namespace agentbox::logins
