// SPDX-License-Identifier: Apache-2.0
#include "logins/synchronizer.hpp"

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include "logins/login_lock.hpp"
#include "support/digest.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/text.hpp"

namespace agentbox::logins {
namespace {

namespace fs = std::filesystem;
using support::Error;
using support::ExitCode;

support::Fd open_directory(const fs::path& path) {
  return support::Fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

/// Returns the shared directory, made if it does not exist. A box may have changed its mode.
support::Fd open_shared(const LoginPlace& place) {
  const fs::path path = place.shared();
  support::make_private_directory(place.directory);
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    throw support::system_error(ExitCode::failed, "cannot create the directory " + path.string(), errno);
  }
  const support::Fd any(open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  if (!any || chmod(("/proc/self/fd/" + std::to_string(any.get())).c_str(), 0700) != 0) {
    throw support::system_error(ExitCode::failed, "cannot use the directory " + path.string(), errno);
  }
  support::Fd fd = open_directory(path);
  if (!fd) {
    throw support::system_error(ExitCode::failed, "cannot open the directory " + path.string(), errno);
  }
  return fd;
}

/// Replaces file `name` in the shared directory, even if a box put something else there.
void write_shared(int fd, const std::string& name, const std::string& text) {
  std::uint64_t number = 0; // a box must not know the name: it could put a directory there that cannot be removed
  if (getrandom(&number, sizeof number, 0) != sizeof number) {
    throw support::system_error(ExitCode::failed, "cannot read random bytes", errno);
  }
  const std::string made = fmt::format(".agentbox-{:016x}", number);
  support::Fd file(openat(fd, made.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) {
    throw support::system_error(ExitCode::failed, "cannot write the login that boxes share", errno);
  }
  support::write_all(file.get(), text, "the login that boxes share");
  int result = renameat(fd, made.c_str(), fd, name.c_str());
  if (result != 0 && errno == EISDIR && // a directory may be too deep to be removed, or closed
      (result = renameat2(fd, made.c_str(), fd, name.c_str(), RENAME_EXCHANGE)) == 0) {
    std::error_code left;
    fs::remove_all("/proc/self/fd/" + std::to_string(fd) + "/" + made, left); // follows no link
  }
  if (result != 0) {
    const int error = errno;
    unlinkat(fd, made.c_str(), 0);
    throw support::system_error(ExitCode::failed, "cannot write the login that boxes share", error);
  }
}

std::string base_of(const LoginPlace& place) {
  return support::read_file_if_exists(place.directory / k_base_file, 128).value_or("");
}

void set_base(const LoginPlace& place, const LoginContent& login) {
  const std::string base = support::sha256_hex(login.text);
  if (base != base_of(place)) {
    support::write_file(place.directory / k_base_file, base);
  }
}

/// Returns whether a file in directory `fd` changed in the last seconds: a program may be writing it in place.
bool is_fresh(int fd, const std::string& name) {
  constexpr std::time_t k_seconds = 30; // a busy disk can delay a write for seconds
  struct stat info {};
  return fstatat(fd, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 &&
         info.st_ctim.tv_sec + k_seconds >= std::time(nullptr);
}

/// Replaces the stored login; in the host's file, only the login in it. Keeps a copy of the previous one.
void write_kept(const LoginPlace& place, const LoginContent& login) {
  std::error_code error;
  const fs::path real = fs::canonical(place.file, error); // such files are often symbolic links
  const std::string before = support::read_file(error ? place.file : real, k_max_login);
  support::write_file(place.previous(), before);
  support::write_file(error ? place.file : real, with_login(*place.kind, before, login));
}

} // namespace

LoginUpdate compare(const std::optional<LoginContent>& kept, const std::optional<LoginContent>& shared,
                    const std::string& base) {
  if (!kept) { // signed out, or damaged on the host: a box restores nothing
    return LoginUpdate::none;
  }
  if (!shared) {
    return LoginUpdate::to_shared;
  }
  if (kept->text == shared->text) {
    return LoginUpdate::none;
  }
  if (!kept->renewable) { // an API key: no agent changes it
    return LoginUpdate::to_shared;
  }
  const bool kept_changed = support::sha256_hex(kept->text) != base;
  if (support::sha256_hex(shared->text) == base) {
    return LoginUpdate::to_shared;
  }
  if (!shared->usable) { // the vendor refused to renew it; perhaps because it was renewed outside
    return kept_changed ? LoginUpdate::to_shared : LoginUpdate::none;
  }
  if (!kept->account.empty() && kept->account != shared->account) {
    return LoginUpdate::foreign;
  }
  const bool newer = kept_changed ? shared->version > kept->version : shared->version >= kept->version;
  return newer ? LoginUpdate::to_kept : LoginUpdate::to_shared;
}

Synchronizer::Synchronizer(LoginPlace place) : m_place(std::move(place)), m_shared(open_shared(m_place)) {}

std::string Synchronizer::fingerprint() const {
  struct stat info {};
  std::string text = support::fingerprint(m_place.file);
  if (fstatat(m_shared.get(), m_place.name().c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0) {
    text += fmt::format(" {} {} {}.{}", info.st_ino, info.st_size, info.st_ctim.tv_sec, info.st_ctim.tv_nsec);
  }
  return text;
}

bool Synchronizer::synchronise(When when) {
  const LaunchersLock launchers(m_place.directory,
                                when == When::running ? LaunchersLock::Wait::no : LaunchersLock::Wait::yes);
  const support::Fd outside = open_directory(m_place.file.parent_path());
  if (!launchers || !outside) {
    return !outside; // the host's agent has no directory any more
  }
  const AgentLock inside_lock(*m_place.kind, m_shared.get());
  std::optional<AgentLock> outside_lock;
  if (m_place.origin == LoginOrigin::host) {
    outside_lock.emplace(*m_place.kind, outside.get());
  }
  if (when == When::running && (inside_lock.busy() || (outside_lock && outside_lock->busy()))) {
    return false;
  }
  const std::time_t now = std::time(nullptr);
  const std::optional<LoginContent> kept = examine(m_place, now).content;
  const auto text = read_untrusted(m_shared.get(), m_place.name());
  const auto shared = text ? parse_login(*m_place.kind, *text, now) : std::nullopt;
  if (when == When::running && text && !shared && is_fresh(m_shared.get(), m_place.name())) {
    return false;
  }
  LoginUpdate update = compare(kept, shared, base_of(m_place));
  m_foreign = update == LoginUpdate::foreign;
  if (when == When::before && kept && update != LoginUpdate::to_kept) {
    update = LoginUpdate::to_shared; // a box starts with the stored login, even if an earlier one left another
  }
  if (update == LoginUpdate::to_kept) {
    const LoginContent renewed = renewed_login(*m_place.kind, *kept, *shared, now);
    write_kept(m_place, renewed);
    if (renewed.text != shared->text) {
      write_shared(m_shared.get(), m_place.name(), renewed.text);
    }
    set_base(m_place, renewed);
  } else if (update == LoginUpdate::to_shared) {
    if (!text || *text != kept->text) {
      write_shared(m_shared.get(), m_place.name(), kept->text);
    }
    set_base(m_place, *kept);
  } else if (kept && shared && kept->text == shared->text) {
    set_base(m_place, *kept);
  }
  return true;
}

void Synchronizer::start() {
  synchronise(When::before);
  m_foreign = false;
}

void Synchronizer::poll() {
  std::string now = fingerprint();
  if (now == m_fingerprint) {
    return;
  }
  try {
    if (synchronise(When::running)) {
      m_fingerprint = std::move(now);
      m_error.clear();
    }
  } catch (const std::exception& error) {
    m_fingerprint = std::move(now);
    m_error = error.what();
  }
}

void Synchronizer::finish() {
  constexpr auto k_pause = std::chrono::milliseconds(100);
  constexpr int k_tries = 30;
  m_fingerprint.clear();
  for (int i = 0; i < k_tries && m_fingerprint.empty(); ++i) { // an agent may be renewing it
    poll();
    if (m_fingerprint.empty()) {
      std::this_thread::sleep_for(k_pause);
    }
  }
  if (m_fingerprint.empty()) {
    synchronise(When::after);
  }
  if (!m_error.empty()) {
    throw Error(ExitCode::failed, fmt::format("cannot synchronize the login for {}: {}", m_place.kind->agent,
                                              support::escape_untrusted(m_error, 1000)));
  }
  if (m_foreign) {
    throw Error(ExitCode::failed,
                fmt::format("a box signed in to {} with another account; the login {} is unchanged (to use that "
                            "account in boxes: agentbox login {})",
                            m_place.kind->agent, m_place.origin == LoginOrigin::own ? "of agentbox" : "of this host",
                            m_place.kind->agent));
  }
}

} // namespace agentbox::logins
