// SPDX-License-Identifier: Apache-2.0
#include "firewall/audit/log.hpp"

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "support/error.hpp"

namespace agentbox::firewall::audit {

using support::ExitCode;

namespace {

constexpr std::size_t k_most_kept = 1024;

} // namespace

Log::Log(std::filesystem::path folder, std::string box, std::uint64_t max_bytes)
    : m_folder(std::move(folder)), m_box(std::move(box)), m_max_bytes(max_bytes) {
  open();
}

void Log::open() {
  const auto path = m_folder / (m_box + ".jsonl");
  m_file.reset(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600));
  struct stat status {};
  if (!m_file || ::fstat(m_file.get(), &status) != 0) {
    throw support::system_error(ExitCode::failed, "cannot open the audit log " + path.string(), errno);
  }
  if (!S_ISREG(status.st_mode) || status.st_nlink != 1) {
    throw support::Error(ExitCode::failed, "the audit log " + path.string() + " is not a plain file of its own");
  }
  m_size = static_cast<std::uint64_t>(status.st_size);
}

void Log::rotate() {
  const auto path = m_folder / (m_box + ".jsonl");
  const auto old = m_folder / (m_box + ".jsonl.1");
  if (::rename(path.c_str(), old.c_str()) != 0) {
    throw support::system_error(ExitCode::failed, "cannot rotate the audit log " + path.string(), errno);
  }
  open();
}

void Log::append(const Record& record) {
  // After a write that failed half way, the rest of its line is closed first.
  const std::string line = (m_healthy ? "" : "\n") + to_json_line(record);
  try {
    if (!m_file) {
      open();
    }
    if (m_size + line.size() > m_max_bytes) {
      rotate();
    }
    // One write a line: a reader sees whole lines only, or a last one without its newline.
    const ssize_t written = ::write(m_file.get(), line.data(), line.size());
    m_healthy = written == static_cast<ssize_t>(line.size());
    m_size += written > 0 ? static_cast<std::uint64_t>(written) : 0;
  } catch (const support::Error&) {
    m_healthy = false; // the caller asks healthy() before it lets anything through
  }
}

void Log::keep(Record record) {
  if (record.kind != Kind::connect || record.verdict != Verdict::allow) {
    return;
  }
  if (m_kept.size() == k_most_kept) {
    m_kept.pop_front();
    ++m_lost;
  }
  m_kept.push_back(std::move(record));
}

void Log::record(Record record) {
  record.box = m_box;
  record.time = format_time(std::chrono::system_clock::now());
  if (m_healthy || recover()) {
    append(record);
  }
  if (!m_healthy) {
    keep(std::move(record));
  }
}

void Log::write(Record record) {
  const bool of_user = record.kind == Kind::control || record.kind == Kind::firewall; // never left out
  if (!of_user && !m_limiter.admit(record, Limiter::Clock::now())) {
    return;
  }
  if (m_healthy) {
    flush();
  }
  this->record(std::move(record));
}

void Log::flush() {
  if (const std::uint64_t count = m_limiter.take_left_out(); count > 0) {
    Record record;
    record.verdict = Verdict::allow;
    record.reason = "left-out";
    record.text = fmt::format("{} decisions came too fast to be recorded one by one", count);
    this->record(std::move(record));
  }
}

bool Log::recover() {
  Record record;
  record.verdict = Verdict::allow;
  record.reason = "recovered";
  record.text = "the audit log can be written again";
  if (m_lost > 0) {
    record.text += fmt::format("; {} connections meanwhile are not recorded", m_lost);
  }
  record.box = m_box;
  record.time = format_time(std::chrono::system_clock::now());
  append(record);
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
