// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <sys/types.h>
#include <vector>

#include "network/known_requests.hpp"
#include "network/notice.hpp"
#include "network/tail.hpp"
#include "support/terminal.hpp"

namespace agentbox::network {

/// Says what the firewall blocks while the box runs: a line on stderr, or, where that is the agent's screen, the title
/// of the terminal, which is put back at the end; a desktop notification as well where the user wants one.
class LiveNotices {
public:
  using Clock = std::chrono::steady_clock;

  /// `audit` is the folder of the audit logs; it may be created later. `known` requests are not reported.
  LiveNotices(const std::filesystem::path& audit, std::string box, const support::Terminal& terminal, bool notify,
              KnownRequests known = KnownRequests());
  LiveNotices(const LiveNotices&) = delete;
  LiveNotices& operator=(const LiveNotices&) = delete;
  LiveNotices(LiveNotices&&) = delete;
  LiveNotices& operator=(LiveNotices&&) = delete;
  ~LiveNotices();

  /// How often there is to be a look.
  static constexpr std::chrono::milliseconds k_pace{300};

  /// Says what is new. Returns in which time it wants to be called again.
  std::chrono::milliseconds look();

  /// What was denied in all, the last of it read now: for when the firewall is gone. Bounded: the first 10,000.
  const std::vector<firewall::audit::AuditRecord>& denied();
  /// Notices that were printed on stderr, by Notice::what.
  const std::set<std::string>& said() const noexcept { return m_said; }

private:
  std::vector<network::Notice> take_new();
  bool worth_a_word(const std::string& what, Clock::time_point now);
  void say(const network::Notice& notice);
  std::chrono::milliseconds write_title_when_quiet(Clock::time_point now);
  void notify_desktop(const network::Notice& notice, Clock::time_point now);

  network::Tail m_tail;
  std::string m_box;
  KnownRequests m_known;
  bool m_lines = false;  ///< stderr is not the agent's screen
  bool m_titles = false; ///< there is a screen of the agent's
  bool m_notify = false;
  std::map<std::string, Clock::time_point> m_recent;
  std::set<std::string> m_said;
  std::vector<firewall::audit::AuditRecord> m_denied;
  std::optional<Clock::time_point> m_notified;
  pid_t m_bubble = -1; ///< notify-send, when it was started
  bool m_titled = false;
  std::string m_title; ///< to be written
  Clock::time_point m_title_due;
  std::optional<std::uint64_t> m_written; ///< by our children, when it was looked at last
};

/// `text` as the escape sequences that set a terminal's title (OSC 2), after keeping the former one when `keep`.
std::string title_sequence(const std::string& text, bool keep);
/// Puts the kept title back.
std::string restore_title_sequence();

} // namespace agentbox::network
