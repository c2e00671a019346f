// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "firewall/io/await.hpp"
#include "policy/address.hpp"

namespace agentbox::firewall::upstream {

/// The A and AAAA queries for one name, pending or answered. They are separate because some name servers never answer
/// the second. IPv4 is dialled first, so an A answer is enough to start; after an AAAA answer the A answer has 50 ms
/// left (RFC 8305 §3 with the families swapped).
class Lookup : public std::enable_shared_from_this<Lookup> {
public:
  using Clock = std::chrono::steady_clock;
  enum class Family { v4, v6 };

  /// One answer, as AresChannel gives it.
  struct FamilyAnswer {
    int status = 0; ///< c-ares
    int timeouts = 0;
    std::vector<policy::Address16> addresses;
    std::chrono::seconds ttl{}; ///< of the address that expires first
  };

  explicit Lookup(asio::io_context& context);

  /// Adds the answer of one family and wakes the waiters. Call once per family.
  void add(Family family, FamilyAnswer answer);

  /// Waits until there is an address to dial, or no answer pending.
  asio::awaitable<void> wait();
  /// Calls `done` from the event loop when both answers have arrived.
  void when_complete(std::function<void()> done);

  bool complete() const { return m_open == 0; }
  const std::vector<policy::Address16>& addresses() const { return m_addresses; }
  /// Returns why there are no addresses, once complete.
  std::string problem() const;
  /// Returns whether another connection may use it: no answer yet, or one that has not expired. A lookup whose A query
  /// failed is not reused: IPv6, which its AAAA answer is for, may not work here.
  bool usable(Clock::time_point now) const;

private:
  bool enough() const;

  int m_open = 2;
  std::array<std::optional<int>, 2> m_status; ///< of each family's answer
  bool m_waited = false;                      ///< k_resolution_delay for A after AAAA is over
  std::vector<policy::Address16> m_addresses;
  std::optional<Clock::time_point> m_until; ///< when the first address expires
  // These timers never expire; they are cancelled to wake the waiters.
  asio::steady_timer m_some;
  asio::steady_timer m_all;
  asio::steady_timer m_delay;
};

} // namespace agentbox::firewall::upstream
