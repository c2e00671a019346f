// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>

#include "firewall/audit/audit_record.hpp"
#include "firewall/audit/ledger.hpp"
#include "firewall/audit/limiter.hpp"
#include "support/fd.hpp"

namespace agentbox::firewall::audit {

/// The audit log of one box: DIRECTORY/BOX.jsonl, append-only, mode 0600, never a symbolic link. At `max_bytes` the
/// file is renamed to BOX.jsonl.1 and a new one is started, so a box uses at most twice that on the host's disk. The
/// ledger keeps the totals by host, including records that were rotated away or left out by the limiter.
class AuditLog {
public:
  static constexpr std::uint64_t k_max_bytes = 16U << 20U;

  /// Opens the log, and BOX.lock, which keeps a second firewall out. Throws support::Error(failed).
  AuditLog(std::filesystem::path directory, std::string box, std::uint64_t max_bytes = k_max_bytes);

  /// Counts `record` in the ledger and, unless the limiter leaves it out, writes it with the box's name and the current
  /// time. The user's changes, the box's requests, and the firewall's start and stop are always written. Connections
  /// that cannot be written are kept (the last 1024) and written after the record of recover(), because a box can fill
  /// the disk while one is open.
  void write(AuditRecord record) noexcept;

  /// Writes the totals and how many records the limiter left out; tries to recover first if the log is not healthy.
  void flush() noexcept;

  /// Sets the function to call when the totals on disk become outdated: not again until flush() has written them.
  void on_change(std::function<void()> changed) { m_on_change = std::move(changed); }

  /// Returns whether the last record could be written. If not (a full disk), the proxy allows no connection: nothing
  /// happens unrecorded.
  bool healthy() const noexcept { return m_healthy; }

  /// Tries to write again, with a record that says so, at most once a second: a flood of connections must not rewrite
  /// the totals each time. Returns healthy().
  bool recover();

private:
  void open();
  void rotate();
  bool resume();
  void write_unless_limited(AuditRecord record);
  void record(AuditRecord record);
  void write_left_out();
  void count(const AuditRecord& record);
  void append(const AuditRecord& record);
  void keep(AuditRecord record);

  std::filesystem::path m_directory;
  std::string m_box;
  std::uint64_t m_max_bytes;
  std::uint64_t m_size = 0;
  support::Fd m_lock; ///< taken before the ledger reads the totals
  support::Fd m_file;
  Ledger m_ledger;
  Limiter m_limiter;
  std::function<void()> m_on_change;
  std::deque<AuditRecord> m_kept;                       ///< connections that could not be written
  std::uint64_t m_lost = 0;                             ///< number of those that could not be kept either
  std::chrono::steady_clock::time_point m_next_attempt; ///< of recover()
  bool m_healthy = true;
  bool m_torn = false; ///< the last line lacks its newline
};

} // namespace agentbox::firewall::audit
