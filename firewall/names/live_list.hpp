// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firewall/io/boot_clock.hpp"
#include "policy/host_pattern.hpp"

namespace agentbox::firewall::names {

/// One change that the user made to the rules of a running box.
struct LiveChange {
  policy::HostPattern pattern;
  std::uint16_t port = 0; ///< 0: every port; a grant always names one
  bool allow = false;
  std::optional<io::BootClock::time_point> until; ///< nothing: as long as the box lives

  /// "api.example.com" for port 443 of a grant and for every port of a denial, else with the port.
  std::string host_text() const;
  /// As a rule in the audit log: "api.example.com (agentbox allow)".
  std::string rule_text() const;
  bool operator==(const LiveChange&) const = default;
};

/// The changes of a running box, by what the user said since it started. At most k_max, so that a look-up stays cheap.
/// A change that has expired counts for nothing, whether or not expire() was called yet.
class LiveList {
public:
  using Clock = io::BootClock;
  static constexpr std::size_t k_max = 256;

  bool empty() const noexcept { return m_changes.empty(); }
  bool full() const noexcept { return m_changes.size() >= k_max; }
  const std::vector<LiveChange>& changes() const noexcept { return m_changes; }

  /// Adds `change`; what said something else about exactly the same host is taken back.
  void add(LiveChange change);

  /// Takes back every denial of exactly `pattern` that holds for `port`.
  void take_back_denial(const policy::HostPattern& pattern, std::uint16_t port);

  /// The grant, or the denial, that covers `host` and `port` now. Port 0 asks on behalf of DNS: a grant of any port
  /// counts, a denial only if it is for every port.
  const LiveChange* find_grant(std::string_view host, std::uint16_t port, Clock::time_point now) const;
  const LiveChange* find_denial(std::string_view host, std::uint16_t port, Clock::time_point now) const;

  /// A denial that covers all of `pattern` at `port`.
  const LiveChange* find_denial_of(const policy::HostPattern& pattern, std::uint16_t port) const;

  /// Takes out and returns what has expired.
  std::vector<LiveChange> expire(Clock::time_point now);

  /// When the next change expires.
  std::optional<Clock::time_point> next_expiry() const;

private:
  std::vector<LiveChange> m_changes;
};

} // namespace agentbox::firewall::names
