// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "firewall/audit/audit_record.hpp"
#include "firewall/dns/ask_question.hpp"
#include "firewall/dns/dns_message.hpp"
#include "firewall/names/directory.hpp"
#include "protocol/protocol.hpp"

namespace agentbox::firewall::dns {

/// TTL of virtual addresses in seconds; below AddressPool::k_rest.
constexpr std::uint32_t k_ttl = 30;

/// The box's only resolver, without its sockets. It asks no other server.
class DnsStub {
public:
  using Audit = std::function<void(audit::AuditRecord)>;

  DnsStub(names::Directory& directory, std::string nonce, Audit audit)
      : m_directory(directory), m_nonce(std::move(nonce)), m_audit(std::move(audit)) {}

  /// Returns the response to `message`; empty if none is to be sent.
  std::string respond(std::string_view message);

private:
  DnsAnswer answer(const DnsQuery& query);
  DnsAnswer answer_host(const DnsQuery& query, const std::string& host);
  /// Records that the box asks its user for a host, unless the answer is known or it asked too often.
  protocol::AskAnswer answer_request(const DnsQuery& query);
  void deny(const DnsQuery& query, const std::string& name, audit::Reason reason,
            const policy::EgressDecision& decision = {});
  bool is_same_lookup(std::uint16_t type, const std::string& name);

  /// The types asked so far in one lookup of a name that was denied.
  struct DeniedLookup {
    std::size_t name_hash = 0;
    unsigned types = 0;
    std::chrono::steady_clock::time_point begin;
  };

  names::Directory& m_directory;
  std::string m_nonce;
  Audit m_audit;
  AskBudget m_asks;
  std::array<DeniedLookup, 64> m_denied{}; ///< by hash; a collision only counts a lookup again
};

} // namespace agentbox::firewall::dns
