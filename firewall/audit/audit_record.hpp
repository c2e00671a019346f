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

/// The subject of a decision.
enum class Kind {
  dns,      ///< a query for a name
  connect,  ///< a TCP connection through the proxy
  address,  ///< a packet to an address that belongs to no name; rejected by the kernel
  request,  ///< agentbox-ask: the agent asks its user for a host; decides nothing
  gate,     ///< agent-entrypoint verified the firewall
  control,  ///< the user changed the rules of the running box, or a change expired
  firewall, ///< the firewall itself: start, stop, decisions left out of the log
};

enum class Verdict { allow, deny };

/// The side that decided.
enum class DecidedBy {
  firewall, ///< a check of the connection, or a failure
  policy,   ///< the box's configuration
  user,     ///< `agentbox allow` or `agentbox deny`, while the box ran
};

/// One decision, or the sum of several of one kind. Strings may come from the box; to_json_line() escapes them.
struct AuditRecord {
  std::string time; ///< RFC 3339, UTC, milliseconds: "2026-01-31T12:00:00.123Z"; of a sum: the last decision's
  std::string box;
  Kind kind = Kind::firewall;
  std::string name;       ///< of the host; empty if only an address is known
  std::string address;    ///< dialled, or denied
  std::uint16_t port = 0; ///< 0: none
  std::string protocol;   ///< "tcp", "udp", "icmp", …
  Verdict verdict = Verdict::deny;
  Reason reason = Reason::none;
  std::string text; ///< the reason as a sentence, with details
  std::string rule; ///< the entry that decided; empty if none did
  DecidedBy by = DecidedBy::firewall;
  std::uint64_t bytes_up = 0;    ///< from the box
  std::uint64_t bytes_down = 0;  ///< to the box
  std::uint64_t duration_ms = 0; ///< of a change by the user: until it expires; 0: as long as the box runs
  std::uint64_t count = 1;       ///< decisions
  std::string first;             ///< time of a sum's first decision; empty: not a sum

  /// Returns the time of the first decision.
  const std::string& first_time() const noexcept { return first.empty() ? time : first; }
  bool operator==(const AuditRecord&) const = default;
};

std::string_view kind_text(Kind kind);
std::string_view verdict_text(Verdict verdict);

/// The address in the record that sums up the hosts that were too many to list separately. It has no name.
inline constexpr std::string_view k_other_hosts = "*";

/// Returns `record` as one JSON object and a newline: all keys, always in the same order; `count` and `first` only for
/// a sum. At most 4 KiB: strings are escaped and truncated with support::escape_untrusted().
std::string to_json_line(const AuditRecord& record);

/// Parses a record; returns nullopt for anything else (a line truncated by a full disk). Ignores unknown keys, so that
/// newer logs can be read; "by" may be missing, as in older logs.
std::optional<AuditRecord> from_json_line(std::string_view line);

/// Converts a line that was already parsed as JSON, like from_json_line().
std::optional<AuditRecord> from_json(const nlohmann::json& object);

/// Returns `time` in UTC as RFC 3339 with milliseconds.
std::string format_time(std::chrono::system_clock::time_point time);

} // namespace agentbox::firewall::audit
