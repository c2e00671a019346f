// SPDX-License-Identifier: Apache-2.0
#include "network/notice.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "policy/host_pattern.hpp"
#include "support/command.hpp"
#include "support/text.hpp"

namespace agentbox::network {
namespace {

using firewall::audit::AuditRecord;
using firewall::audit::Kind;
using firewall::audit::Reason;
using firewall::audit::Verdict;

std::string what_of(const AuditRecord& record) {
  if (record.address == firewall::audit::k_other_hosts) {
    return record.kind == Kind::dns ? "other names" : "other hosts";
  }
  if (record.kind == Kind::dns) {
    return support::escape_untrusted(record.name, 255);
  }
  if (record.name.empty()) {
    const std::string address = support::escape_untrusted(record.address, 64);
    const bool bare_v6 = address.find(':') != std::string::npos;
    return fmt::format("{}{} ({})", bare_v6 ? "[" + address + "]" : address,
                       record.port == 0 ? "" : ":" + std::to_string(record.port),
                       support::escape_untrusted(record.protocol, 16));
  }
  return fmt::format("{}:{}", support::escape_untrusted(record.name, 255), record.port);
}

bool is_denied_by_user(const AuditRecord& record) {
  return record.reason == Reason::blocked && record.by == firewall::audit::DecidedBy::user;
}

std::string denial_text(const AuditRecord& record) {
  if (record.address == firewall::audit::k_other_hosts) {
    return describe(record.reason) + "; too many hosts to list separately";
  }
  const std::string rule = support::escape_untrusted(record.rule, 280);
  if (is_denied_by_user(record)) {
    return "denied by you: agentbox deny " + rule;
  }
  if (record.reason == Reason::blocked && !rule.empty()) {
    return "blocked by " + rule + " in block_hosts";
  }
  if (record.reason == Reason::port_not_listed && !rule.empty()) {
    return rule + " is listed, but not with this port";
  }
  if (record.reason == Reason::not_a_name && record.protocol != "tcp") {
    return "only TCP connections to listed hosts are allowed";
  }
  const bool by_list = record.reason == Reason::not_listed || record.reason == Reason::port_not_listed ||
                       record.reason == Reason::not_a_name;
  return by_list || record.text.empty() ? describe(record.reason) : support::escape_untrusted(record.text, 300);
}

/// Returns the entry of a list of hosts that would allow it; empty if none would.
std::string entry_of(const AuditRecord& record) {
  const bool by_user = is_denied_by_user(record);
  const bool by_list = record.reason == Reason::not_listed || record.reason == Reason::port_not_listed;
  if ((!by_user && !by_list) || !policy::canonical_name(record.name)) {
    return {};
  }
  const std::string entry = record.port == 0 || record.port == policy::k_https_port
                                ? record.name
                                : fmt::format("{}:{}", record.name, record.port);
  const policy::EntryResult parsed = policy::parse_host_entry(entry); // localhost is not valid in one
  return std::holds_alternative<policy::HostEntry>(parsed) ? entry : "";
}

} // namespace

std::optional<Notice> notice_of(const AuditRecord& record) {
  const bool of_box = record.kind == Kind::dns || record.kind == Kind::connect || record.kind == Kind::address;
  if (!of_box || record.verdict != Verdict::deny) {
    return std::nullopt;
  }
  return Notice{what_of(record), denial_text(record), entry_of(record), is_denied_by_user(record)};
}

std::string allow_command(const Notice& notice, const std::string& box) {
  if (notice.entry.empty()) {
    return {};
  }
  return "agentbox allow " + support::shell_quote({notice.entry}) + (notice.by_user ? "" : " --for 10m") +
         (box.empty() ? "" : " --box " + support::shell_quote({box}));
}

std::string line_of(const Notice& notice, const std::string& box) {
  const std::string command = allow_command(notice, box);
  return fmt::format("denied: {} ({}){}", notice.what, notice.why,
                     command.empty() ? "" : " - allow it with: " + command);
}

std::vector<Denied> denied(const std::vector<AuditRecord>& records) {
  std::map<std::string, Denied> by_what;
  for (const AuditRecord& record : records) {
    auto notice = notice_of(record);
    if (!notice) {
      continue;
    }
    Denied& one = by_what[notice->what];
    one.first = one.count == 0 ? record.first_time() : std::min(one.first, record.first_time());
    one.last = record.time;
    one.box = record.box;
    one.reason = record.reason;
    one.notice = *std::move(notice);
    one.count += record.count;
  }
  std::vector<Denied> sorted;
  sorted.reserve(by_what.size());
  for (auto& [what, one] : by_what) {
    sorted.push_back(std::move(one));
  }
  std::stable_sort(sorted.begin(), sorted.end(), [](const Denied& a, const Denied& b) { return a.count > b.count; });
  return sorted;
}

} // namespace agentbox::network
