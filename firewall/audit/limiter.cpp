// SPDX-License-Identifier: Apache-2.0
#include "firewall/audit/limiter.hpp"

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

namespace agentbox::firewall::audit {
namespace {

constexpr std::chrono::seconds k_repeat_window{5};

std::uint64_t fingerprint(const Record& record) {
  const std::hash<std::string_view> hash;
  std::uint64_t value = 1 + static_cast<std::uint64_t>(record.kind);
  for (const std::string_view part : {std::string_view(record.name), std::string_view(record.address),
                                      std::string_view(record.reason), std::string_view(record.protocol)}) {
    value = value * 0x9E3779B97F4A7C15ULL + hash(part);
  }
  return value * 0x9E3779B97F4A7C15ULL + record.port;
}

} // namespace

bool Limiter::repeated(const Record& record, Clock::time_point now) {
  const std::uint64_t print = fingerprint(record);
  Seen& seen = m_seen[print % m_seen.size()];
  if (seen.fingerprint == print && now - seen.at < k_repeat_window) {
    return true;
  }
  seen = {print, now};
  return false;
}

bool Limiter::admit(const Record& record, Clock::time_point now) {
  // Resolvers ask again and again (A and AAAA, search lists, retries); allowed connections each carry their own bytes.
  if (record.verdict == Verdict::deny && repeated(record, now)) {
    return false;
  }
  if (m_last != Clock::time_point()) {
    const double elapsed = std::chrono::duration<double>(now - m_last).count();
    m_tokens = std::min(m_limits.burst, m_tokens + elapsed * m_limits.per_second);
  }
  m_last = now;
  if (m_tokens < 1) {
    ++m_left_out;
    return false;
  }
  m_tokens -= 1;
  return true;
}

std::uint64_t Limiter::take_left_out() {
  return std::exchange(m_left_out, 0);
}

} // namespace agentbox::firewall::audit
