// SPDX-License-Identifier: Apache-2.0
#include "firewall/dns/stub.hpp"

#include <utility>

#include "policy/host_pattern.hpp"
#include "protocol/protocol.hpp"
#include "support/ascii.hpp"

namespace agentbox::firewall::dns {
namespace {

constexpr std::uint32_t k_loopback = 0x7F000001U;

bool is_or_below(std::string_view name, std::string_view zone) {
  return name == zone ||
         (name.size() > zone.size() && name.ends_with(zone) && name[name.size() - zone.size() - 1] == '.');
}

// Resolvers answer queries for localhost themselves (RFC 6761 §6.3).
DnsAnswer answer_localhost(std::uint16_t type) {
  DnsAnswer answer;
  answer.ttl = k_ttl;
  if (type == k_type_a) {
    answer.address = k_loopback;
  }
  answer.loopback6 = type == k_type_aaaa;
  return answer;
}

DnsAnswer no_such_name() {
  DnsAnswer answer;
  answer.rcode = Rcode::no_such_name;
  return answer;
}

} // namespace

/// Returns whether a query of another type for `name` was denied within the last second. Resolvers query A, AAAA and
/// HTTPS together; treat these as one lookup. A repeated type is a new one.
bool DnsStub::is_same_lookup(std::uint16_t type, const std::string& name) {
  const unsigned bit = type == k_type_a ? 1 : type == k_type_aaaa ? 2 : type == k_type_https ? 4 : 0;
  const auto now = std::chrono::steady_clock::now();
  const std::size_t hash = std::hash<std::string>()(name);
  DeniedLookup& last = m_denied.at(hash % m_denied.size());
  if (bit != 0 && last.name_hash == hash && (last.types & bit) == 0 && now - last.begin < std::chrono::seconds(1)) {
    last.types |= bit;
    return true;
  }
  last = {hash, bit, now};
  return false;
}

void DnsStub::deny(const DnsQuery& query, const std::string& name, audit::Reason reason,
                   const policy::EgressDecision& decision) {
  if (is_same_lookup(query.type, name)) {
    return;
  }
  audit::AuditRecord record;
  record.kind = audit::Kind::dns;
  record.name = name;
  record.protocol = "dns";
  record.reason = reason;
  record.text = audit::describe(reason);
  record.rule = decision.rule;
  record.by = names::decider_of(decision);
  m_audit(std::move(record));
}

DnsAnswer DnsStub::answer_host(const DnsQuery& query, const std::string& host) {
  const auto found = m_directory.look_up(host, names::AddressPool::Clock::now());
  if (!found.decision.allowed()) {
    deny(query, host, names::reason_of(found.decision), found.decision);
    return no_such_name();
  }
  DnsAnswer answer;
  if (query.type != k_type_a) {
    return answer; // NODATA: no IPv6, no HTTPS or SVCB hints with ECH keys
  }
  answer.ttl = k_ttl;
  answer.address = found.address;
  if (!found.address) {
    deny(query, host, audit::Reason::too_many_names, found.decision);
    answer.rcode = Rcode::server_failure;
  }
  return answer;
}

protocol::AskAnswer DnsStub::answer_request(const DnsQuery& query) {
  using protocol::AskAnswer;
  const auto question = parse_ask_question(query.question);
  const policy::EntryResult parsed = policy::parse_host_entry(question ? question->entry : "");
  const auto* entry = std::get_if<policy::HostEntry>(&parsed);
  if (entry == nullptr || entry->pattern.subdomains || policy::is_host_alias(entry->pattern.name)) {
    return AskAnswer::invalid;
  }
  const policy::EgressDecision decision = m_directory.decide(entry->pattern.name, entry->port);
  if (decision.allowed()) {
    return AskAnswer::allowed;
  }
  if (decision.verdict == policy::EgressDecision::Verdict::blocked) {
    return decision.live ? AskAnswer::denied : AskAnswer::blocked;
  }
  if (!m_asks.admit(std::chrono::steady_clock::now())) {
    return AskAnswer::too_many;
  }
  audit::AuditRecord record;
  record.kind = audit::Kind::request;
  record.name = entry->pattern.name;
  record.port = entry->port;
  record.protocol = "tcp";
  record.reason = audit::Reason::asked;
  record.text = question->why;
  m_audit(std::move(record));
  return AskAnswer::asked;
}

DnsAnswer DnsStub::answer(const DnsQuery& query) {
  if (query.klass != k_class_in) {
    DnsAnswer refused;
    refused.rcode = Rcode::refused;
    return refused;
  }
  const std::string name = support::lower(query.name);
  if (name == protocol::k_gate_name) {
    DnsAnswer gate;
    if (query.type == k_type_txt) {
      gate.text = m_nonce;
      audit::AuditRecord record;
      record.kind = audit::Kind::gate;
      record.verdict = audit::Verdict::allow;
      record.reason = audit::Reason::gate;
      record.text = audit::describe(record.reason);
      m_audit(std::move(record));
    }
    return gate;
  }
  if (is_or_below(name, protocol::k_ask_zone)) {
    DnsAnswer reply;
    if (query.type == k_type_txt) {
      reply.text = protocol::k_ask_answers.at(static_cast<std::size_t>(answer_request(query)));
    }
    return reply;
  }
  if (is_or_below(name, "localhost")) {
    return answer_localhost(query.type);
  }
  if (is_or_below(name, "arpa")) {
    return no_such_name(); // not recorded: every program makes reverse lookups
  }
  if (policy::is_host_alias(name)) {
    return answer_host(query, std::string(policy::k_host_name));
  }
  const auto host = policy::canonical_name(name);
  if (!host) {
    deny(query, query.name, audit::Reason::bad_name);
    return no_such_name();
  }
  return answer_host(query, *host);
}

std::string DnsStub::respond(std::string_view message) {
  const ParsedQuery parsed = parse_query(message);
  if (const auto* query = std::get_if<DnsQuery>(&parsed)) {
    return write_response(*query, answer(*query));
  }
  if (const auto* malformed = std::get_if<MalformedQuery>(&parsed)) {
    return write_response(*malformed);
  }
  return {};
}

} // namespace agentbox::firewall::dns
