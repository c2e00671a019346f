// SPDX-License-Identifier: Apache-2.0
#include "firewall/upstream/lookup.hpp"

#include <algorithm>
#include <ares.h>
#include <cstddef>
#include <utility>

namespace agentbox::firewall::upstream {
namespace {

constexpr std::chrono::milliseconds k_resolution_delay{50};
constexpr std::chrono::seconds k_max_ttl{30};
constexpr std::size_t k_v4 = 0;
constexpr std::size_t k_v6 = 1;

bool says_none(int status) {
  return status == ARES_ENODATA || status == ARES_ENOTFOUND;
}

} // namespace

Lookup::Lookup(asio::io_context& context)
    : m_some(context, Clock::time_point::max()), m_all(context, Clock::time_point::max()), m_delay(context) {}

void Lookup::add(Family family, FamilyAnswer answer) {
  const bool v4 = family == Family::v4;
  m_status.at(v4 ? k_v4 : k_v6) = answer.status;
  --m_open;
  if (!answer.addresses.empty()) {
    const auto until = Clock::now() + std::clamp(answer.ttl, std::chrono::seconds(0), k_max_ttl);
    m_until = m_until ? std::min(*m_until, until) : until;
    m_addresses.insert(v4 ? m_addresses.begin() : m_addresses.end(), answer.addresses.begin(), answer.addresses.end());
    if (!v4 && m_open > 0) {
      m_delay.expires_after(k_resolution_delay);
      m_delay.async_wait([weak = weak_from_this()](std::error_code error) {
        if (const auto self = weak.lock(); self && !error) {
          self->m_waited = true;
          self->m_some.cancel();
        }
      });
    }
  }
  if (enough()) {
    m_some.cancel();
  }
  if (complete()) {
    m_delay.cancel();
    m_all.cancel();
  }
}

bool Lookup::enough() const {
  // If A says that the name does not exist, there is no AAAA either. The reverse proves nothing: some servers answer
  // every AAAA query like that (RFC 4074 §4.2).
  return complete() || m_status[k_v4] == ARES_ENOTFOUND ||
         (!m_addresses.empty() && policy::is_v4(m_addresses.front())) || m_waited;
}

asio::awaitable<void> Lookup::wait() {
  while (!enough()) {
    co_await m_some.async_wait(io::k_await);
  }
}

void Lookup::when_complete(std::function<void()> done) {
  m_all.async_wait([done = std::move(done)](std::error_code /*cancelled*/) { done(); });
  if (complete()) {
    m_all.cancel();
  }
}

std::string Lookup::problem() const {
  if (!m_addresses.empty()) {
    return {};
  }
  for (const std::optional<int>& status : m_status) {
    if (status && status != ARES_SUCCESS && status != ARES_ENODATA) {
      return ares_strerror(*status);
    }
  }
  return "the name has no address";
}

bool Lookup::usable(Clock::time_point now) const {
  if (m_addresses.empty()) {
    return !enough();
  }
  const std::optional<int> status = m_status[k_v4];
  return now < m_until && (!status || status == ARES_SUCCESS || says_none(*status));
}

} // namespace agentbox::firewall::upstream
