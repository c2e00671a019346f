// SPDX-License-Identifier: Apache-2.0
#include "firewall/control/controller.hpp"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <variant>

#include "support/command.hpp"
#include "support/text.hpp"

namespace agentbox::firewall::control {
namespace {

using names::LiveChange;

std::optional<Controller::Clock::time_point> end_of(const ControlRequest& request, Controller::Clock::time_point now) {
  return request.seconds == 0 ? std::nullopt : std::optional(now + std::chrono::seconds(request.seconds));
}

/// Returns "for 10 minutes" or "until the box ends".
std::string duration_text(std::uint32_t seconds) {
  if (seconds == 0) {
    return "until the box ends";
  }
  const auto counted = [](std::uint32_t count, const char* unit) {
    return fmt::format("for {} {}{}", count, unit, count == 1 ? "" : "s");
  };
  if (seconds % 86400 == 0) {
    return counted(seconds / 86400, "day");
  }
  if (seconds % 3600 == 0) {
    return counted(seconds / 3600, "hour");
  }
  return seconds % 60 == 0 ? counted(seconds / 60, "minute") : counted(seconds, "second");
}

ControlReply refused_by_log() {
  return {false, "nothing was changed: the audit log cannot be written", "is the host's disk full?"};
}

ControlReply too_many_changes() {
  return {false, fmt::format("too many changes to this box (at most {})", names::LiveList::k_max),
          "put permanent ones into the configuration"};
}

const policy::HostPattern* find_block(const policy::EgressPolicy& policy, const policy::HostPattern& pattern) {
  for (const policy::HostPattern& block : policy.block) {
    if (block.covers(pattern)) {
      return &block;
    }
  }
  return nullptr;
}

/// Returns a denial of more than `entry`, which allowing `entry` does not undo.
const LiveChange* find_wider_denial(const names::LiveList& live, const policy::HostEntry& entry) {
  for (const LiveChange& change : live.changes()) {
    const bool this_port = !change.port || change.port == entry.port;
    // A grant without a port undoes a denial of the whole host; one with a port does not.
    const bool is_wider = change.pattern != entry.pattern || (!change.port && entry.port != policy::k_https_port);
    if (!change.allow && this_port && is_wider && change.pattern.covers(entry.pattern)) {
      return &change;
    }
  }
  return nullptr;
}

/// Returns whether the policy that the box was started with allows all of `entry`.
bool is_allowed(const policy::EgressIndex& index, const policy::HostEntry& entry) {
  const auto& allow = index.policy().allow;
  return std::find(allow.begin(), allow.end(), entry) != allow.end() ||
         (!entry.pattern.subdomains && index.decide(entry.pattern.name, entry.port).allowed());
}

/// Parses the host of a denial: an entry as in a list of hosts, or as in block_hosts, which may be a top-level domain.
std::variant<LiveChange, policy::EntryProblem> parse_denial(std::string_view text) {
  LiveChange change;
  std::string named; // `text` with the name that lookups use for this machine
  if (const auto host = text.substr(0, text.find(':')); policy::is_host_alias(host)) {
    named = std::string(policy::k_host_name) + std::string(text.substr(host.size()));
    text = named;
  }
  if (text.find(':') == std::string_view::npos) {
    policy::PatternResult parsed = policy::parse_block_pattern(text);
    if (auto* problem = std::get_if<policy::EntryProblem>(&parsed)) {
      return std::move(*problem);
    }
    change.pattern = std::get<policy::HostPattern>(std::move(parsed));
    return change;
  }
  policy::EntryResult parsed = policy::parse_host_entry(text);
  if (auto* problem = std::get_if<policy::EntryProblem>(&parsed)) {
    return std::move(*problem);
  }
  auto& entry = std::get<policy::HostEntry>(parsed);
  change.pattern = std::move(entry.pattern);
  change.port = entry.port;
  return change;
}

} // namespace

ControlReply Controller::handle(const ControlRequest& request, Clock::time_point now) {
  expire(now);
  return request.verb == ControlRequest::Verb::allow ? allow(request, now) : deny(request, now);
}

ControlReply Controller::allow(const ControlRequest& request, Clock::time_point now) {
  policy::EntryResult parsed = policy::parse_host_entry(request.host);
  if (const auto* problem = std::get_if<policy::EntryProblem>(&parsed)) {
    return {false, problem->message, problem->hint};
  }
  const auto& entry = std::get<policy::HostEntry>(parsed);
  if (policy::is_host_alias(entry.pattern.name)) {
    return {false, "ports of this machine cannot be allowed in a running box",
            "start a box with: agentbox run --allow host:PORT"};
  }
  const LiveChange change{entry.pattern, entry.port, true, end_of(request, now)};
  const policy::EgressPolicy& policy = m_directory.index().policy();
  if (const auto* block = find_block(policy, entry.pattern)) {
    return {false,
            support::in_quotes(entry.text()) + " is blocked by " + support::in_quotes(block->text()) +
                " in the configuration, and a block always wins",
            "remove it from block_hosts and restart the box"};
  }
  if (const LiveChange* denial = find_wider_denial(m_directory.live(), entry)) {
    return {false, support::in_quotes(entry.text()) + " is still denied by agentbox deny " + denial->host_text(),
            "undo it with: agentbox allow " + support::shell_quote({denial->host_text()})};
  }
  if (is_allowed(m_directory.index(), entry)) {
    return allow_listed(change);
  }
  if (m_directory.live().full()) {
    return too_many_changes();
  }
  if (!apply(change, request)) {
    return refused_by_log();
  }
  m_changed();
  return {true, fmt::format("{}:{} is allowed {}", entry.pattern.text(), entry.port, duration_text(request.seconds)),
          ""};
}

ControlReply Controller::allow_listed(const LiveChange& change) {
  const std::string host = change.host_text();
  names::LiveList& live = m_directory.live();
  if (live.find_denial_of(change.pattern, change.port) == nullptr) {
    return {true, host + " is already allowed by the policy", ""};
  }
  if (change.until) {
    return {false, host + " is allowed by the policy: its denial cannot be undone for a limited time",
            "use allow without --for: agentbox allow " + support::shell_quote({host})};
  }
  if (!record(change, audit::Reason::granted, "a denial was undone")) {
    return refused_by_log();
  }
  live.take_back_denial(change.pattern, change.port);
  m_changed();
  return {true, host + " is allowed again, by the policy", ""};
}

ControlReply Controller::deny(const ControlRequest& request, Clock::time_point now) {
  auto parsed = parse_denial(request.host);
  if (const auto* problem = std::get_if<policy::EntryProblem>(&parsed)) {
    return {false, problem->message, problem->hint};
  }
  auto& change = std::get<LiveChange>(parsed);
  change.until = end_of(request, now);
  if (m_directory.live().full()) {
    return too_many_changes();
  }
  if (!apply(change, request)) {
    return refused_by_log();
  }
  m_changed();
  return {true, fmt::format("{} is denied {}", change.host_text(), duration_text(request.seconds)), ""};
}

bool Controller::apply(const LiveChange& change, const ControlRequest& request) {
  const std::string verb(verb_text(request.verb));
  if (!record(change, change.allow ? audit::Reason::granted : audit::Reason::denied,
              fmt::format("agentbox {} {}, {}", verb, change.host_text(), duration_text(request.seconds)),
              request.seconds)) {
    return false;
  }
  m_directory.live().add(change);
  return true;
}

bool Controller::record(const LiveChange& change, audit::Reason reason, std::string_view detail,
                        std::uint32_t seconds) {
  audit::AuditRecord record;
  record.kind = audit::Kind::control;
  record.verdict = change.allow ? audit::Verdict::allow : audit::Verdict::deny;
  record.name = change.pattern.text();
  record.port = change.port.value_or(0);
  record.reason = reason;
  record.text = audit::describe(reason, detail);
  record.rule = change.host_text();
  record.by = audit::DecidedBy::user;
  record.duration_ms = std::uint64_t{seconds} * 1000;
  return m_audit(std::move(record));
}

std::optional<Controller::Clock::duration> Controller::until_next_expiry(Clock::time_point now) const {
  const auto next = m_directory.live().next_expiry();
  return next ? std::optional(std::max(*next - now, Clock::duration::zero())) : std::nullopt;
}

void Controller::expire(Clock::time_point now) {
  const auto gone = m_directory.live().expire(now);
  if (!gone.empty()) { // first, so that connections end even if recording fails
    m_changed();
  }
  for (LiveChange change : gone) {
    change.allow = !change.allow; // what applies from now on
    record(change, audit::Reason::expired);
  }
}

} // namespace agentbox::firewall::control
