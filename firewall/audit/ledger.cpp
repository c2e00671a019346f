// SPDX-License-Identifier: Apache-2.0
#include "firewall/audit/ledger.hpp"

#include <algorithm>
#include <cerrno>
#include <sys/file.h>
#include <sys/stat.h>
#include <tuple>
#include <unistd.h>
#include <utility>

#include "firewall/audit/own_file.hpp"
#include "support/error.hpp"

namespace agentbox::firewall::audit {

using support::ExitCode;

namespace {

constexpr std::uint64_t k_max_read = 64U << 20U; // more than every group of reasons can fill

void forget_into(Sum::Others& others, const AuditRecord& record) {
  others.first = others.count == 0 ? record.first : std::min(others.first, record.first);
  others.last = std::max(others.last, record.time);
  others.count += record.count;
  others.bytes_up += record.bytes_up;
  others.bytes_down += record.bytes_down;
}

} // namespace

Ledger::Ledger(const std::filesystem::path& folder, const std::string& box, Limits limits) : m_limits(limits) {
  const auto path = folder / totals_file(box);
  OwnFile file = open_own_file(path, 0);
  m_file = std::move(file.fd);
  if (::flock(m_file.get(), LOCK_EX | LOCK_NB) != 0) {
    throw support::system_error(ExitCode::failed, "another firewall writes to " + path.string(), errno);
  }
  m_places.resize(std::min(file.size, k_max_read) / k_place);
  load();
}

void Ledger::load() {
  std::string bytes(k_place, '\0');
  for (std::size_t i = 0; i < m_places.size(); ++i) {
    const ssize_t got = ::pread(m_file.get(), bytes.data(), k_place, static_cast<off_t>(i * k_place));
    auto sum = got == static_cast<ssize_t>(k_place) ? from_place(bytes) : std::nullopt;
    if (!sum) {
      m_free.push_back(i);
      continue;
    }
    m_places[i].sum = *std::move(sum);
    m_places[i].fixed = fixed_part(m_places[i].sum.record);
    enter(i);
  }
}

std::size_t Ledger::most_firsts(const AuditRecord& record) const {
  return record.verdict == Verdict::allow ? m_limits.allowed : m_limits.denied;
}

/// Makes the place known by its key, and a member of its group.
void Ledger::enter(std::size_t index) {
  const AuditRecord& record = m_places[index].sum.record;
  m_by_key[key_of(record)] = index;
  Group& group = m_groups[group_of(record)];
  if (group.firsts < most_firsts(record)) {
    ++group.firsts;
  } else {
    group.changing.push_back(index);
  }
}

/// What moved the fewest bytes, then what was seen least often, then what was not seen for longest.
std::size_t Ledger::least(const Group& group) const {
  const auto weight = [this](std::size_t index) {
    const AuditRecord& record = m_places[index].sum.record;
    return std::make_tuple(record.bytes_up + record.bytes_down, record.count, std::string_view(record.time));
  };
  return *std::min_element(group.changing.begin(), group.changing.end(),
                           [&](std::size_t a, std::size_t b) { return weight(a) < weight(b); });
}

void Ledger::replace(std::size_t index, const AuditRecord& record) {
  Sum& sum = m_places[index].sum;
  m_by_key.erase(key_of(sum.record));
  forget_into(sum.others, sum.record);
  sum.record = record;
  m_by_key[key_of(record)] = index;
}

std::size_t Ledger::place_for(const AuditRecord& record) {
  const Group& group = m_groups[group_of(record)];
  if (group.firsts >= most_firsts(record) && group.changing.size() >= m_limits.changing) {
    const std::size_t index = least(group);
    replace(index, record);
    return index;
  }
  std::size_t index = m_places.size();
  if (m_free.empty()) {
    m_places.emplace_back();
  } else {
    index = m_free.back();
    m_free.pop_back();
  }
  m_places[index].sum = {record, {}};
  enter(index);
  return index;
}

bool Ledger::add(const AuditRecord& record) {
  const auto known = m_by_key.find(key_of(record));
  const bool is_new = known == m_by_key.end(); // place_for() may rehash, which invalidates `known`
  const std::size_t index = is_new ? place_for(record) : known->second;
  Place& place = m_places[index];
  AuditRecord& sum = place.sum.record;
  if (is_new) {
    sum.first = sum.time;
    place.fixed = fixed_part(sum);
  } else {
    const bool same = sum.address == record.address && sum.rule == record.rule && sum.text == record.text;
    audit::add(sum, record);
    if (!same) {
      place.fixed = fixed_part(sum);
    }
  }
  return write(index);
}

bool Ledger::write(std::size_t index) {
  Place& place = m_places[index];
  const std::string bytes = to_place(place.fixed, place.sum);
  const bool written = ::pwrite(m_file.get(), bytes.data(), bytes.size(), static_cast<off_t>(index * k_place)) ==
                       static_cast<ssize_t>(bytes.size());
  m_unwritten += static_cast<std::size_t>(!written) - static_cast<std::size_t>(place.unwritten);
  place.unwritten = !written;
  return written;
}

bool Ledger::flush() {
  for (std::size_t i = 0; m_unwritten > 0 && i < m_places.size(); ++i) {
    if (m_places[i].unwritten && !write(i)) {
      return false;
    }
  }
  return m_unwritten == 0;
}

} // namespace agentbox::firewall::audit
