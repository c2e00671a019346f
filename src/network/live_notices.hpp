// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

#include "network/known_requests.hpp"
#include "network/notice.hpp"
#include "network/tail.hpp"
#include "support/terminal.hpp"

namespace agentbox::network {

/// Reports what the firewall denies while the box runs, and what the agent asks for: as a line on stderr, or in the
/// terminal's title if stderr is the agent's screen (restored at the end), and as a desktop notification if the user
/// wants that.
class LiveNotices {
public:
  using Clock = std::chrono::steady_clock;

  /// Reads `audit`, the directory of the audit logs, which may be created later. Does not report `known` requests.
  LiveNotices(const std::filesystem::path& audit, std::string box, const support::Terminal& terminal, bool notify,
              KnownRequests known = KnownRequests());
  LiveNotices(const LiveNotices&) = delete;
  LiveNotices& operator=(const LiveNotices&) = delete;
  ~LiveNotices();

  /// Sets the function that is called with each record that is read.
  void on_record(std::function<void(const firewall::audit::AuditRecord&)> act) { m_on_record = std::move(act); }

  /// Usual interval between calls of report_new().
  static constexpr std::chrono::milliseconds k_pace{300};

  /// Reports what is new. Returns when to call it again.
  std::chrono::milliseconds report_new();

  /// Returns the denials, at most the first 10,000, including those not read yet. For the end of the box.
  const std::vector<firewall::audit::AuditRecord>& denied();
  /// Returns what was reported on stderr (Notice::key()).
  const std::set<std::string>& reported() const noexcept { return m_reported; }

private:
  std::vector<network::Notice> read_new();
  bool is_worth_reporting(const std::string& what, Clock::time_point now);
  void report(const network::Notice& notice);
  std::chrono::milliseconds write_title_when_quiet(Clock::time_point now);
  void notify_desktop(const network::Notice& notice, Clock::time_point now);

  network::Tail m_tail;
  std::string m_box;
  std::function<void(const firewall::audit::AuditRecord&)> m_on_record;
  KnownRequests m_known;
  bool m_lines = false;  ///< stderr is not the agent's screen
  bool m_titles = false; ///< the agent has a screen with a title
  bool m_notify = false;
  std::map<std::string, Clock::time_point> m_recent;
  std::set<std::string> m_reported;
  std::vector<firewall::audit::AuditRecord> m_denied;
  std::optional<Clock::time_point> m_notified;
  pid_t m_notifier = -1; ///< PID of notify-send, after it was started
  bool m_titled = false;
  std::string m_title; ///< pending
  Clock::time_point m_title_due;
  std::optional<std::uint64_t> m_written; ///< by our children, at the last check
};

/// Returns the escape sequences that set a terminal's title to `text` (OSC 2), after saving the old one if `keep`.
std::string title_sequence(const std::string& text, bool keep);
/// Returns the escape sequences that restore the saved title.
std::string restore_title_sequence();

} // namespace agentbox::network
