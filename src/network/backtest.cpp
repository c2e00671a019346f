// SPDX-License-Identifier: Apache-2.0
#include "network/backtest.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <string_view>
#include <tuple>
#include <utility>

#include "network/notice.hpp"
#include "network/totals.hpp"
#include "policy/address.hpp"
#include "support/text.hpp"

namespace agentbox::network {
namespace {

using firewall::audit::AuditRecord;
using firewall::audit::Kind;
using firewall::audit::Verdict;
using Outcome = BacktestResult::Outcome;

bool counts(const AuditRecord& record) {
  return record.kind == Kind::connect || (record.kind == Kind::dns && record.verdict == Verdict::deny) ||
         record.kind == Kind::address;
}

bool list_decided(const AuditRecord& record) {
  using firewall::audit::Reason;
  constexpr std::array k_reasons = {Reason::not_listed, Reason::port_not_listed, Reason::blocked,
                                    Reason::address_not_listed};
  return std::find(k_reasons.begin(), k_reasons.end(), record.reason) != k_reasons.end() && record.protocol != "udp";
}

policy::EgressDecision decide(const AuditRecord& record, const policy::EgressIndex& index) {
  if (record.name.empty()) {
    const auto address = policy::parse_address(record.address);
    return address ? index.decide_address(*address, record.port) : policy::EgressDecision{};
  }
  return record.port == 0 ? index.decide(record.name) : index.decide(record.name, record.port);
}

BacktestResult test(const AuditRecord& record, const policy::EgressIndex& index) {
  BacktestResult tested;
  tested.host = record.name.empty() ? record.address : record.name;
  tested.port = record.port;
  if (record.address == firewall::audit::k_other_hosts) {
    tested.host = host_text(record);
    tested.outcome = Outcome::not_known;
    tested.why = record.text;
    return tested;
  }
  const bool passed = record.verdict == Verdict::allow;
  const auto decision = decide(record, index);
  if (!passed && !list_decided(record)) {
    tested.outcome = Outcome::still_denied;
    tested.why = notice_of(record).value_or(Notice{}).why;
    return tested;
  }
  if (decision.allowed()) {
    tested.outcome = passed ? Outcome::still_passes : Outcome::passes_now;
    tested.why = decision.rule;
    return tested;
  }
  tested.outcome = passed ? Outcome::breaks : Outcome::still_denied;
  tested.why = decision.rule.empty() ? "not listed"
               : decision.verdict == policy::EgressDecision::Verdict::blocked
                   ? "blocked by " + decision.rule
                   : decision.rule + " is listed, but not with this port";
  return tested;
}

} // namespace

std::string_view outcome_text(Outcome outcome) {
  switch (outcome) {
  case Outcome::breaks: return "breaks";
  case Outcome::passes_now: return "passes-now";
  case Outcome::still_passes: return "still-passes";
  case Outcome::still_denied: return "still-denied";
  case Outcome::not_known: return "not-known";
  }
  return "unknown";
}

std::vector<BacktestResult> backtest(const std::vector<AuditRecord>& records, const policy::EgressIndex& index,
                                     std::size_t last) {
  std::vector<const AuditRecord*> wanted;
  for (const AuditRecord& record : records) {
    if (counts(record)) {
      wanted.push_back(&record);
    }
  }
  if (last != 0 && wanted.size() > last) {
    wanted.erase(wanted.begin(), wanted.end() - static_cast<std::ptrdiff_t>(last));
  }
  std::map<std::tuple<Outcome, std::string, std::uint16_t>, BacktestResult> by_host; // in the order of Outcome
  for (const AuditRecord* record : wanted) {
    BacktestResult tested = test(*record, index);
    BacktestResult& one = by_host[{tested.outcome, tested.host, tested.port}];
    tested.count = one.count + record->count;
    one = std::move(tested);
  }
  std::vector<BacktestResult> result;
  result.reserve(by_host.size());
  for (auto& [key, tested] : by_host) {
    result.push_back(std::move(tested));
  }
  return result;
}

std::string to_json_line(const BacktestResult& tested) {
  const auto& [host, port, count, outcome, why] = tested;
  const nlohmann::ordered_json object = {{"host", support::escape_untrusted(host, 255)},
                                         {"port", port},
                                         {"count", count},
                                         {"outcome", outcome_text(outcome)},
                                         {"why", support::escape_untrusted(why)}};
  return object.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace) + '\n';
}

} // namespace agentbox::network
