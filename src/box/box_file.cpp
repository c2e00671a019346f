// SPDX-License-Identifier: Apache-2.0
#include "box/box_file.hpp"

#include <chrono>
#include <ctime>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <utility>

#include "oci/box_file.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/text.hpp"

namespace agentbox::box {
namespace {

using firewall::audit::AuditRecord;
using firewall::audit::Reason;

constexpr std::size_t k_max_changes = 512; // a firewall has at most 256

/// Returns the time at which the change of `record` ends, to the second; empty if there is none, or it is invalid.
std::string end_of(const AuditRecord& record) {
  std::tm parts{};
  if (record.duration_ms == 0 || strptime(record.time.c_str(), "%Y-%m-%dT%H:%M:%S", &parts) == nullptr) {
    return {};
  }
  const std::time_t end = timegm(&parts) + static_cast<std::time_t>(record.duration_ms / 1000);
  return gmtime_r(&end, &parts) == nullptr
             ? ""
             : fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                           parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

} // namespace

void BoxFile::update(const AuditRecord& record) {
  const bool ends = record.reason == Reason::expired;
  if (record.kind != firewall::audit::Kind::control ||
      (!ends && record.reason != Reason::granted && record.reason != Reason::denied)) {
    return;
  }
  const bool allow = record.verdict == firewall::audit::Verdict::allow;
  // As in the firewall's list (names::LiveList), a change replaces those that it repeats or contradicts. The record of
  // its end has the opposite verdict.
  std::erase_if(m_changes, [&](const Change& old) {
    const bool same_port = old.port == record.port || (old.allow != allow && (old.port == 0 || record.port == 0));
    return old.name == record.name && (ends ? old.port == record.port && old.allow != allow : same_port);
  });
  if (!ends && m_changes.size() < k_max_changes) {
    m_changes.push_back({record.name, record.port, allow, support::escape_untrusted(record.rule, 300), end_of(record)});
  }
  std::vector<oci::HostChange> changes;
  for (const Change& change : m_changes) {
    changes.push_back({change.host, change.allow, change.until});
  }
  try {
    support::write_file(m_path, oci::box_file(m_fields, changes), 0644);
  } catch (const support::Error& error) {
    spdlog::warn("the box's {} is outdated: {}", m_path.filename().string(), error.what());
  }
}

} // namespace agentbox::box
