// SPDX-License-Identifier: Apache-2.0
#include "network/tail.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string_view>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "network/history.hpp"
#include "protocol/protocol.hpp"
#include "support/error.hpp"

namespace agentbox::network {
namespace {

using firewall::audit::AuditRecord;
using support::Fd;

constexpr std::string_view k_log_suffix = protocol::k_log_suffix;
constexpr std::size_t k_max_line = 16384;
constexpr std::size_t k_max_at_once = 1U << 20U;

std::optional<struct stat> status_of(int fd) {
  struct stat info {};
  return fstat(fd, &info) == 0 && S_ISREG(info.st_mode) ? std::optional(info) : std::nullopt;
}

} // namespace

Tail::Tail(std::filesystem::path directory, std::optional<std::string> box, Watching watching)
    : m_directory(std::move(directory)), m_box(std::move(box)),
      m_inotify(watching == Watching::by_kernel ? inotify_init1(IN_CLOEXEC | IN_NONBLOCK) : -1) {
  if (watching == Watching::by_kernel &&
      (!m_inotify || inotify_add_watch(m_inotify.get(), m_directory.c_str(), IN_MODIFY | IN_CREATE | IN_ONLYDIR) < 0)) {
    const int error = errno;
    if (error != EMFILE && error != ENOSPC && error != ENOMEM) { // no quota left: programs, or a box, use it all
      throw support::system_error(support::ExitCode::failed, "cannot watch " + m_directory.string(), error);
    }
    m_inotify.reset();
  }
  std::vector<AuditRecord> ignored;
  for (const std::string& name : m_box ? std::vector{*m_box} : boxes_with_history(m_directory)) {
    follow(name, false, ignored);
  }
}

/// Opens the log of box `name` if it is a new file, after the previous one was read to its end.
void Tail::follow(const std::string& name, bool from_start, std::vector<AuditRecord>& records) {
  Fd file(
      open((m_directory / (name + std::string(k_log_suffix))).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  const auto info = file ? status_of(file.get()) : std::nullopt;
  if (!info) {
    return;
  }
  FollowedLog& log = m_logs[name];
  if (log.file && log.inode == info->st_ino) {
    return;
  }
  if (log.file && !read_log(log, records)) {
    m_behind.insert(name);
    return;
  }
  const auto offset = from_start ? 0 : static_cast<std::uint64_t>(info->st_size);
  log = {std::move(file), info->st_ino, offset, {}};
}

/// Returns whether it read to the end of the file.
bool Tail::read_log(FollowedLog& log, std::vector<AuditRecord>& records) {
  std::size_t taken = 0;
  std::array<char, 65536> buffer{};
  while (taken < k_max_at_once) {
    const ssize_t count = pread(log.file.get(), buffer.data(), buffer.size(), static_cast<off_t>(log.offset));
    if (count <= 0) {
      return true;
    }
    taken += static_cast<std::size_t>(count);
    log.offset += static_cast<std::uint64_t>(count);
    log.rest.append(buffer.data(), static_cast<std::size_t>(count));
    std::size_t start = 0;
    for (std::size_t end = 0; (end = log.rest.find('\n', start)) != std::string::npos; start = end + 1) {
      if (auto record = firewall::audit::from_json_line(std::string_view(log.rest).substr(start, end - start))) {
        records.push_back(*std::move(record));
      }
    }
    log.rest.erase(0, start);
    if (log.rest.size() > k_max_line) {
      log.rest.clear(); // not a line that a firewall writes
    }
  }
  m_more = true;
  return false;
}

/// Returns the boxes whose logs changed, according to the kernel's events, and those of m_behind.
std::vector<std::string> Tail::touched_boxes() {
  if (!m_inotify) {
    return m_box ? std::vector{*m_box} : boxes_with_history(m_directory);
  }
  std::set<std::string> touched = std::exchange(m_behind, {});
  alignas(inotify_event) std::array<char, 8192> events{};
  ssize_t size = 0;
  while ((size = read(m_inotify.get(), events.data(), events.size())) > 0) {
    for (const char* at = events.data(); at < events.data() + size;) {
      inotify_event event{};
      std::memcpy(&event, at, sizeof event);
      const std::string_view file = event.len > 0 ? at + sizeof event : "";
      at += sizeof event + event.len;
      const std::string_view box =
          file.ends_with(k_log_suffix) ? file.substr(0, file.size() - k_log_suffix.size()) : "";
      if (protocol::is_box_name(box) && (!m_box || box == *m_box)) {
        touched.emplace(box);
      }
    }
  }
  return {touched.begin(), touched.end()};
}

std::vector<AuditRecord> Tail::read_new() {
  m_more = false;
  std::vector<AuditRecord> records;
  for (const std::string& name : touched_boxes()) {
    follow(name, true, records);
  }
  for (auto& [name, log] : m_logs) { // including those whose events were lost
    read_log(log, records);
  }
  return records;
}

} // namespace agentbox::network
