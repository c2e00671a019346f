// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "firewall/audit/reason.hpp"

namespace agentbox::firewall::audit {

/// What was decided on.
enum class Kind {
  dns,      ///< a question for a name
  connect,  ///< a TCP connection to a name, by way of the proxy
  address,  ///< a packet to an address that belongs to no name; rejected by the kernel
  gate,     ///< the agent's entry point asked whether the firewall is on
  control,  ///< the user changed the rules of the running box, or a change came to its end
  firewall, ///< the firewall's own life: start, stop, decisions left out of the log
};

enum class Verdict { allow, deny };

/// Who decided.
enum class DecidedBy {
  firewall, ///< a check of the connection, or a failure
  policy,   ///< the box's configuration
  user,     ///< `agentbox allow` or `agentbox deny`, while the box ran
};

/// One decision, or the sum of several of the same kind. Strings may come from the box; to_json_line() makes them
/// harmless.
struct AuditRecord {
  std::string time; ///< RFC 3339, UTC, milliseconds: "2026-01-31T12:00:00.123Z"; of a sum's last decision
  std::string box;
  Kind kind = Kind::firewall;
  std::string name;       ///< of the host; empty where only an address is known
  std::string address;    ///< dialled, or blocked
  std::uint16_t port = 0; ///< 0: none
  std::string protocol;   ///< "tcp", "udp", "icmp", …
  Verdict verdict = Verdict::deny;
  Reason reason = Reason::none;
  std::string text; ///< the same for people, with details
  std::string rule; ///< the entry that decided; empty if none did
  DecidedBy by = DecidedBy::firewall;
  std::uint64_t bytes_up = 0;   ///< from the box
  std::uint64_t bytes_down = 0; ///< to the box
  std::uint64_t duration_ms = 0;
  std::uint64_t count = 1; ///< decisions
  std::string first;       ///< time of the first one of a sum; empty: not a sum

  bool operator==(const AuditRecord&) const = default;
};

std::string_view kind_text(Kind kind);
std::string_view verdict_text(Verdict verdict);

/// The address of a sum of hosts that were too many to keep apart; it has no name.
inline constexpr std::string_view k_other_hosts = "*";

/// `record` as one JSON object and a newline, keys always in the same order, all present; `count` and `first` are a
/// sum's only. At most 4 KiB long: strings are escaped with support::escape_untrusted and cut.
std::string to_json_line(const AuditRecord& record);

/// Parses a record; nothing for a line that is not one (a line cut by a full disk, another version's). Unknown keys are
/// passed over, so that an older reader can read a newer log; so is a line of an older firewall without "by".
std::optional<AuditRecord> from_json_line(std::string_view line);

/// The same of a line that was parsed already.
std::optional<AuditRecord> from_json(const nlohmann::json& object);

/// `time` in UTC as RFC 3339 with milliseconds.
std::string format_time(std::chrono::system_clock::time_point time);

} // namespace agentbox::firewall::audit
