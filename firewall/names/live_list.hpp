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
  std::optional<std::uint16_t> port; ///< every port if not set; a grant always names one
  bool allow = false;
  std::optional<io::BootClock::time_point> until; ///< as long as the box runs if not set

  /// Returns "api.example.com" for a grant of port 443 and a denial of every port, otherwise with ":PORT".
  std::string host_text() const;
  bool operator==(const LiveChange&) const = default;
};

/// The changes that the user made to a running box. At most k_max, so that a lookup stays cheap. An expired change has
/// no effect, whether or not expire() was called.
class LiveList {
public:
  using Clock = io::BootClock;
  static constexpr std::size_t k_max = 256;

  bool empty() const noexcept { return m_changes.empty(); }
  bool full() const noexcept { return m_changes.size() >= k_max; }
  const std::vector<LiveChange>& changes() const noexcept { return m_changes; }

  /// Adds `change`, and removes changes of exactly the same host that it contradicts or repeats.
  void add(LiveChange change);

  /// Removes every denial of exactly `pattern` that applies to `port`.
  void take_back_denial(const policy::HostPattern& pattern, std::optional<std::uint16_t> port);

  /// Returns the grant, or the denial, that covers `host` and `port` now, or nullptr. Without a port (DNS) a grant of
  /// any port counts, but a denial only if it covers every port.
  const LiveChange* find_grant(std::string_view host, std::optional<std::uint16_t> port, Clock::time_point now) const;
  const LiveChange* find_denial(std::string_view host, std::optional<std::uint16_t> port, Clock::time_point now) const;

  /// Returns a denial that covers all of `pattern` at `port`, or nullptr.
  const LiveChange* find_denial_of(const policy::HostPattern& pattern, std::optional<std::uint16_t> port) const;

  /// Removes and returns the expired changes.
  std::vector<LiveChange> expire(Clock::time_point now);

  /// Returns when the next change expires.
  std::optional<Clock::time_point> next_expiry() const;

private:
  std::vector<LiveChange> m_changes;
};

} // namespace agentbox::firewall::names
