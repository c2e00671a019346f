// SPDX-License-Identifier: Apache-2.0
#include "oci/hook/session_directory.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/protocol.hpp"
#include "support/file.hpp"
#include "support/text.hpp"

namespace agentbox::oci::hook {
namespace {

using support::Error;
using support::ExitCode;
using support::Fd;
using support::system_error;

constexpr std::size_t k_max_config_bytes = 16U << 20U; // 1,280 mounts with long paths: 6 MB

Error not_safe(const std::string& path, const std::string& why) {
  return {ExitCode::refused, path + " " + why, "agentbox creates it; do not change it while a box runs"};
}

} // namespace

SessionDirectory::SessionDirectory(const std::filesystem::path& path)
    : m_path(path), m_fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) {
  if (!path.is_absolute()) {
    throw not_safe(path.string(), "is not an absolute path");
  }
  struct stat info {};
  if (!m_fd || fstat(m_fd.get(), &info) != 0) {
    throw system_error(ExitCode::refused, "cannot open the session directory " + path.string(), errno);
  }
  if (info.st_uid != geteuid() || (info.st_mode & 077U) != 0) {
    throw not_safe(path.string(), "is not a directory that only you can enter");
  }
}

std::optional<std::string> SessionDirectory::read_if_exists(const std::string& name, std::size_t max_bytes) const {
  const std::string path = (m_path / name).string();
  const Fd fd(openat(m_fd.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!fd && errno == ENOENT) {
    return std::nullopt;
  }
  struct stat info {};
  if (!fd || fstat(fd.get(), &info) != 0) {
    throw system_error(ExitCode::refused, "cannot open " + path, errno);
  }
  if (!S_ISREG(info.st_mode) || info.st_uid != geteuid() || (info.st_mode & 022U) != 0) {
    throw not_safe(path, "is not a file that only you can write to");
  }
  return support::read_all(fd.get(), path, max_bytes);
}

std::string SessionDirectory::read(const std::string& name, std::size_t max_bytes) const {
  auto content = read_if_exists(name, max_bytes);
  if (!content) {
    throw not_safe((m_path / name).string(), "is missing");
  }
  return *std::move(content);
}

nlohmann::json SessionDirectory::read_json(const std::string& name) const {
  auto value = nlohmann::json::parse(read(name, k_max_config_bytes), nullptr, false);
  if (!value.is_object()) {
    throw not_safe((m_path / name).string(), "is not a JSON object");
  }
  return value;
}

void SessionDirectory::require_launcher() const {
  const std::string path = (m_path / protocol::k_lock).string();
  const Fd fd(openat(m_fd.get(), protocol::k_lock, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!fd) {
    throw system_error(ExitCode::refused, "cannot open " + path, errno);
  }
  if (flock(fd.get(), LOCK_SH | LOCK_NB) == 0) {
    throw Error(ExitCode::refused, "the agentbox that started this box has ended", "start the box again");
  }
  if (errno != EWOULDBLOCK) {
    throw system_error(ExitCode::refused, "cannot lock " + path, errno);
  }
}

nlohmann::json SessionDirectory::read_fifo(const std::string& name, std::chrono::milliseconds deadline) const {
  const std::string path = (m_path / name).string();
  const Fd fd(openat(m_fd.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat info {};
  if (!fd || fstat(fd.get(), &info) != 0) {
    throw system_error(ExitCode::refused, "cannot open " + path, errno);
  }
  if (!S_ISFIFO(info.st_mode) || info.st_uid != geteuid() || (info.st_mode & 077U) != 0) {
    throw not_safe(path, "is not a FIFO that only you can use");
  }
  constexpr std::size_t k_max = 8U << 20U;
  const auto end = std::chrono::steady_clock::now() + deadline;
  std::string content;
  std::array<char, 65536> buffer{};
  for (ssize_t count = -1; count != 0;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    pollfd readable{fd.get(), POLLIN, 0}; // EOF is reported only after a writer has opened it
    if (left.count() <= 0 || content.size() > k_max || ::poll(&readable, 1, static_cast<int>(left.count())) == 0) {
      throw Error(ExitCode::refused, "the launcher did not send the values of --env",
                  "start the box with agentbox run");
    }
    count = ::read(fd.get(), buffer.data(), buffer.size());
    content.append(buffer.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
  }
  return nlohmann::json::parse(content, nullptr, false);
}

void SessionDirectory::write_error(const Error& error) const noexcept {
  const Fd fd(openat(m_fd.get(), protocol::k_hook_error, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) {
    return; // Podman reports that a hook failed in any case
  }
  constexpr std::size_t k_line = 4000;
  const std::string text = support::escape_untrusted(error.what(), k_line) + "\n" +
                           (error.hint().empty() ? "" : support::escape_untrusted(error.hint(), k_line) + "\n");
  static_cast<void>(!::write(fd.get(), text.data(), text.size()));
}

void SessionDirectory::write_firewall_pid(pid_t pid) const {
  const Fd fd(
      openat(m_fd.get(), protocol::k_new_firewall_pid, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  const std::string text = std::to_string(pid) + "\n";
  if (!fd || ::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      renameat(m_fd.get(), protocol::k_new_firewall_pid, m_fd.get(), protocol::k_firewall_pid) != 0) {
    throw system_error(ExitCode::refused, "cannot write " + (m_path / protocol::k_firewall_pid).string(), errno);
  }
}

} // namespace agentbox::oci::hook
