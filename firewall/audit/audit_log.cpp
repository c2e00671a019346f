// SPDX-License-Identifier: Apache-2.0
#include "firewall/audit/audit_log.hpp"

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/protocol.hpp"
#include "support/error.hpp"

namespace agentbox::firewall::audit {

using support::ExitCode;

namespace {

constexpr std::size_t k_max_kept = 1024;
constexpr std::chrono::seconds k_retry_interval{1};

struct OwnFile {
  support::Fd fd;
  std::uint64_t size = 0;
};

/// Opens the regular file `path` for appending, or creates it with mode 0600. Refuses symbolic links and files with
/// another hard link. Throws support::Error(failed).
OwnFile open_own_file(const std::filesystem::path& path) {
  OwnFile file;
  file.fd.reset(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_APPEND, 0600));
  struct stat status {};
  if (!file.fd || ::fstat(file.fd.get(), &status) != 0) {
    throw support::system_error(ExitCode::failed, "cannot open the audit log " + path.string(), errno);
  }
  if (!S_ISREG(status.st_mode) || status.st_nlink != 1) {
    throw support::Error(ExitCode::failed,
                         "the audit log " + path.string() + " is not a regular file, or has another hard link");
  }
  file.size = static_cast<std::uint64_t>(status.st_size);
  return file;
}

/// Locks other firewalls out of the box's log and totals, with a file that is neither rotated nor replaced.
support::Fd lock_out_others(const std::filesystem::path& path) {
  OwnFile lock = open_own_file(path);
  if (::flock(lock.fd.get(), LOCK_EX | LOCK_NB) != 0) {
    throw support::system_error(ExitCode::failed, "another firewall holds the lock " + path.string(), errno);
  }
  return std::move(lock.fd);
}

/// Returns whether `record` counts towards the totals: start, stop and the gate's queries do not.
bool is_counted(const AuditRecord& record) {
  return record.kind != Kind::firewall && record.kind != Kind::gate;
}

AuditRecord stamped(AuditRecord record, const std::string& box) {
  record.box = box;
  record.time = format_time(std::chrono::system_clock::now());
  return record;
}

} // namespace

AuditLog::AuditLog(std::filesystem::path directory, std::string box, std::uint64_t max_bytes)
    : m_directory(std::move(directory)), m_box(std::move(box)), m_max_bytes(max_bytes),
      m_lock(lock_out_others(m_directory / (m_box + protocol::k_log_lock_suffix))), m_ledger(m_directory, m_box) {
  open();
}

void AuditLog::open() {
  OwnFile file = open_own_file(m_directory / (m_box + protocol::k_log_suffix));
  m_file = std::move(file.fd);
  m_size = file.size;
  char last = '\n';
  // SIGKILL or a full disk may have truncated the last line: the next record must not be lost with it.
  m_torn = m_size > 0 && ::pread(m_file.get(), &last, 1, static_cast<off_t>(m_size - 1)) == 1 && last != '\n';
}

void AuditLog::rotate() {
  const auto path = m_directory / (m_box + protocol::k_log_suffix);
  const auto old = m_directory / (m_box + protocol::k_old_log_suffix);
  if (::rename(path.c_str(), old.c_str()) != 0 && errno != ENOENT) { // already renamed if open() failed last time
    throw support::system_error(ExitCode::failed, "cannot rotate the audit log " + path.string(), errno);
  }
  open();
}

void AuditLog::append(const AuditRecord& record) {
  try {
    if (!m_file) {
      open();
    }
    std::string line = to_json_line(record);
    if (m_size + line.size() + 1 > m_max_bytes) {
      rotate();
    }
    line.insert(0, m_torn ? "\n" : "");
    // One write(2) per line: readers see only whole lines, or a last one without its newline.
    const ssize_t written = ::write(m_file.get(), line.data(), line.size());
    m_healthy = written == static_cast<ssize_t>(line.size());
    m_torn = m_torn ? !m_healthy : written > 0 && !m_healthy;
    m_size += written > 0 ? static_cast<std::uint64_t>(written) : 0;
  } catch (const support::Error&) {
    m_healthy = false; // callers check healthy() before they allow anything
  }
}

void AuditLog::count(const AuditRecord& record) {
  const bool was_written = !m_ledger.changed();
  m_ledger.add(record);
  if (was_written && m_on_change) {
    m_on_change();
  }
}

void AuditLog::keep(AuditRecord record) {
  if (record.kind != Kind::connect || record.verdict != Verdict::allow) {
    return;
  }
  if (m_kept.size() == k_max_kept) {
    m_kept.pop_front();
    ++m_lost;
  }
  m_kept.push_back(std::move(record));
}

void AuditLog::record(AuditRecord record) {
  if (m_healthy || recover()) {
    append(record);
  }
  if (!m_healthy) {
    keep(std::move(record));
  }
}

void AuditLog::write(AuditRecord record) noexcept {
  try {
    write_unless_limited(std::move(record));
  } catch (const std::exception&) { // no memory
    m_healthy = false;
    ++m_lost;
  }
}

void AuditLog::write_unless_limited(AuditRecord record) {
  record = stamped(std::move(record), m_box);
  if (is_counted(record)) {
    count(record);
  }
  const bool is_always_written = // few: the stub limits requests
      record.kind == Kind::control || record.kind == Kind::firewall || record.kind == Kind::request;
  if (!is_always_written && !m_limiter.admit(record, Limiter::Clock::now())) {
    return;
  }
  if (m_healthy) {
    write_left_out();
  }
  this->record(std::move(record));
}

void AuditLog::flush() noexcept {
  try {
    if (m_healthy || resume()) {
      write_left_out();
      m_healthy = m_ledger.write() && m_healthy;
    }
  } catch (const std::exception&) { // no memory
    m_healthy = false;
  }
}

void AuditLog::write_left_out() {
  if (const std::uint64_t count = m_limiter.left_out(); count > 0) {
    AuditRecord record;
    record.verdict = Verdict::allow;
    record.reason = Reason::left_out;
    record.text = describe(record.reason, fmt::format("{} decisions", count));
    append(stamped(std::move(record), m_box));
    if (m_healthy) {
      m_limiter.clear_left_out();
    }
  }
}

bool AuditLog::recover() {
  return std::chrono::steady_clock::now() >= m_next_attempt && resume();
}

bool AuditLog::resume() {
  m_next_attempt = std::chrono::steady_clock::now() + k_retry_interval;
  if (!m_ledger.write()) {
    m_healthy = false;
    return false;
  }
  AuditRecord record;
  record.verdict = Verdict::allow;
  record.reason = Reason::recovered;
  record.text = describe(record.reason,
                         m_lost > 0 ? fmt::format("{} connections in the meantime were not recorded", m_lost) : "");
  append(stamped(std::move(record), m_box));
  m_lost = m_healthy ? 0 : m_lost;
  while (m_healthy && !m_kept.empty()) {
    append(m_kept.front());
    if (m_healthy) {
      m_kept.pop_front();
    }
  }
  return m_healthy;
}

} // namespace agentbox::firewall::audit
