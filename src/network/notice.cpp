// SPDX-License-Identifier: Apache-2.0
#include "network/notice.hpp"

#include <algorithm>
#include <array>
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
  if (record.kind == Kind::dns || (record.kind == Kind::request && record.port == policy::k_https_port)) {
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

/// Returns the length of the space that `text` begins with, 0 if none: Unicode's Zs, in UTF-8.
std::size_t space_length(std::string_view text) {
  constexpr std::array<std::string_view, 6> k_spaces = {" ", "\u00a0", "\u1680", "\u202f", "\u205f", "\u3000"};
  for (const std::string_view space : k_spaces) {
    if (text.starts_with(space)) {
      return space.size();
    }
  }
  const bool wide =
      text.size() > 2 && text.starts_with("\xe2\x80") && static_cast<unsigned char>(text[2]) - 0x80U <= 0xAU;
  return wide ? 3 : 0; // U+2000 to U+200A
}

/// Returns the reason that the agent gave: short, on one line, with runs of spaces
/// collapsed so that padding cannot wrap it, and without double quotes.
std::string request_text(const AuditRecord& record) {
  constexpr std::size_t k_max = 400;
  std::string text;
  std::string_view rest = std::string_view(record.text).substr(0, k_max);
  while (!rest.empty()) {
    const std::size_t space = space_length(rest);
    if (space == 0) {
      text += rest.front() == '"' ? '\'' : rest.front();
    } else if (!text.empty() && text.back() != ' ') {
      text += ' ';
    }
    rest.remove_prefix(std::max<std::size_t>(space, 1));
  }
  return text.empty() ? describe(record.reason) : "the agent asks: \"" + support::escape_untrusted(text, 200) + "\"";
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
  if (record.reason == Reason::address_not_listed && record.protocol != "tcp") {
    return "only TCP connections to listed hosts are allowed";
  }
  const bool by_list = record.reason == Reason::not_listed || record.reason == Reason::port_not_listed ||
                       record.reason == Reason::address_not_listed;
  return by_list || record.text.empty() ? describe(record.reason) : support::escape_untrusted(record.text, 300);
}

/// Returns the entry of a list of hosts that would allow it; empty if none would.
std::string entry_of(const AuditRecord& record) {
  const bool by_user = is_denied_by_user(record);
  const bool by_list =
      record.reason == Reason::not_listed || record.reason == Reason::port_not_listed || record.kind == Kind::request;
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
  if (record.kind == Kind::request) {
    return Notice{what_of(record), request_text(record), entry_of(record), false, true};
  }
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
  const std::string how = command.empty() ? "" : " - allow it with: " + command;
  return notice.asked ? fmt::format("{}{} ({})", notice.key(), how, notice.why)
                      : fmt::format("{} ({}){}", notice.key(), notice.why, how);
}

std::vector<Denied> denied(const std::vector<AuditRecord>& records) {
  std::map<std::string, Denied> by_what;
  for (const AuditRecord& record : records) {
    auto notice = notice_of(record);
    if (!notice) {
      continue;
    }
    Denied& one = by_what[notice->key()];
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
