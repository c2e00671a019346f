// SPDX-License-Identifier: Apache-2.0
#include "firewall/audit/limiter.hpp"

#include <algorithm>
#include <functional>
#include <string_view>

namespace agentbox::firewall::audit {
namespace {

constexpr std::chrono::seconds k_repeat_window{5};

std::uint64_t fingerprint(const AuditRecord& record) {
  const std::hash<std::string_view> hash;
  std::uint64_t value = 1 + static_cast<std::uint64_t>(record.kind) + 256 * static_cast<std::uint64_t>(record.reason);
  for (const std::string_view part :
       {std::string_view(record.name), std::string_view(record.address), std::string_view(record.protocol)}) {
    value = value * 0x9E3779B97F4A7C15ULL + hash(part);
  }
  return value * 0x9E3779B97F4A7C15ULL + record.port;
}

} // namespace

bool Limiter::repeated(const AuditRecord& record, Clock::time_point now) {
  const std::uint64_t print = fingerprint(record);
  Seen& seen = m_seen[print % m_seen.size()];
  if (seen.fingerprint == print && now - seen.at < k_repeat_window) {
    return true;
  }
  seen = {print, now};
  return false;
}

bool Limiter::take_token(Bucket& bucket, Clock::time_point now) const {
  if (bucket.last != Clock::time_point()) {
    const double elapsed = std::chrono::duration<double>(now - bucket.last).count();
    bucket.tokens = std::min(m_limits.burst, bucket.tokens + elapsed * m_limits.per_second);
  }
  bucket.last = now;
  if (bucket.tokens < 1) {
    return false;
  }
  bucket.tokens -= 1;
  return true;
}

bool Limiter::admit(const AuditRecord& record, Clock::time_point now) {
  const bool denied = record.verdict == Verdict::deny;
  // Resolvers repeat queries (A and AAAA, search lists, retries); each allowed connection has its own byte counts.
  if (denied && repeated(record, now)) {
    return false;
  }
  const bool admitted = take_token(denied ? m_denied : m_allowed, now);
  m_left_out += admitted ? 0 : 1;
  return admitted;
}

} // namespace agentbox::firewall::audit
