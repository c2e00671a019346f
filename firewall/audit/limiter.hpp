// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <chrono>
#include <cstdint>

#include "firewall/audit/audit_record.hpp"

namespace agentbox::firewall::audit {

/// Decides which records are written, so that a flood in the box fills neither the disk nor the reader's screen: the
/// same denial at most once in five seconds, and a limited number of records per second. The limits for allowed and
/// denied ones are separate: a flood of denials does not suppress allowed connections. Uses a fixed amount of memory.
class Limiter {
public:
  using Clock = std::chrono::steady_clock;

  struct Limits {
    double per_second = 200;
    double burst = 2000;
  };

  explicit Limiter(Limits limits) : m_limits(limits), m_allowed{limits.burst, {}}, m_denied{limits.burst, {}} {}
  Limiter() : Limiter(Limits{}) {}

  /// Returns whether to write `record` at `now`.
  bool admit(const AuditRecord& record, Clock::time_point now);

  /// Returns how many records were left out because of their rate. Repetitions do not count.
  std::uint64_t left_out() const noexcept { return m_left_out; }
  void clear_left_out() noexcept { m_left_out = 0; }

private:
  struct Bucket {
    double tokens;
    Clock::time_point last;
  };

  bool repeated(const AuditRecord& record, Clock::time_point now);
  bool take_token(Bucket& bucket, Clock::time_point now) const;

  struct Seen {
    std::uint64_t fingerprint = 0;
    Clock::time_point at;
  };
  Limits m_limits;
  Bucket m_allowed;
  Bucket m_denied;
  std::uint64_t m_left_out = 0;
  std::array<Seen, 256> m_seen{}; // by fingerprint; records that share an element may be logged again
};

} // namespace agentbox::firewall::audit
