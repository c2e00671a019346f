// SPDX-License-Identifier: Apache-2.0
#include "firewall/names/live_list.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace agentbox::firewall::names {
namespace {

bool expired(const LiveChange& change, LiveList::Clock::time_point now) {
  return change.until && *change.until <= now;
}

} // namespace

std::string LiveChange::host_text() const {
  const bool is_default = allow ? port == policy::k_https_port : !port;
  return is_default || !port ? pattern.text() : pattern.text() + ":" + std::to_string(*port);
}

void LiveList::add(LiveChange change) {
  std::erase_if(m_changes, [&](const LiveChange& old) {
    const bool same_port = old.port == change.port || !change.port || !old.port;
    return old.pattern == change.pattern && (old.allow == change.allow ? old.port == change.port : same_port);
  });
  m_changes.push_back(std::move(change));
}

void LiveList::take_back_denial(const policy::HostPattern& pattern, std::optional<std::uint16_t> port) {
  std::erase_if(m_changes, [&](const LiveChange& old) {
    return !old.allow && old.pattern == pattern && (old.port == port || !old.port);
  });
}

const LiveChange* LiveList::find_grant(std::string_view host, std::optional<std::uint16_t> port,
                                       Clock::time_point now) const {
  const auto found = std::find_if(m_changes.begin(), m_changes.end(), [&](const LiveChange& change) {
    return change.allow && (!port || change.port == port) && change.pattern.matches(host) && !expired(change, now);
  });
  return found == m_changes.end() ? nullptr : &*found;
}

const LiveChange* LiveList::find_denial(std::string_view host, std::optional<std::uint16_t> port,
                                        Clock::time_point now) const {
  const auto found = std::find_if(m_changes.begin(), m_changes.end(), [&](const LiveChange& change) {
    return !change.allow && (!change.port || change.port == port) && change.pattern.matches(host) &&
           !expired(change, now);
  });
  return found == m_changes.end() ? nullptr : &*found;
}

const LiveChange* LiveList::find_denial_of(const policy::HostPattern& pattern,
                                           std::optional<std::uint16_t> port) const {
  const auto found = std::find_if(m_changes.begin(), m_changes.end(), [&](const LiveChange& change) {
    return !change.allow && (!change.port || change.port == port) && change.pattern.covers(pattern);
  });
  return found == m_changes.end() ? nullptr : &*found;
}

std::vector<LiveChange> LiveList::expire(Clock::time_point now) {
  const auto first = std::stable_partition(m_changes.begin(), m_changes.end(),
                                           [&](const LiveChange& change) { return !expired(change, now); });
  std::vector<LiveChange> gone(std::make_move_iterator(first), std::make_move_iterator(m_changes.end()));
  m_changes.erase(first, m_changes.end());
  return gone;
}

std::optional<LiveList::Clock::time_point> LiveList::next_expiry() const {
  std::optional<Clock::time_point> next;
  for (const LiveChange& change : m_changes) {
    if (change.until && (!next || *change.until < *next)) {
      next = change.until;
    }
  }
  return next;
}

} // namespace agentbox::firewall::names
