// SPDX-License-Identifier: Apache-2.0
#include "firewall/audit/reason.hpp"

#include <algorithm>
#include <array>

namespace agentbox::firewall::audit {
namespace {

struct Words {
  Reason reason;
  std::string_view token;
  std::string_view text;
};

constexpr std::array k_words = {
    Words{Reason::none, "", ""},
    Words{Reason::allowed, "allowed", "allowed"},
    Words{Reason::blocked, "blocked", "blocked by a rule"},
    Words{Reason::not_listed, "not-listed", "not on the list of hosts"},
    Words{Reason::port_not_listed, "port-not-listed", "this port is not on the list of hosts"},
    Words{Reason::bad_name, "bad-name", "not a host name"},
    Words{Reason::address_not_listed, "address-not-listed", "an address that is not on the list of hosts"},
    Words{Reason::too_many_names, "too-many-names",
          "all virtual addresses are in use; idle ones are freed after a minute"},
    Words{Reason::too_many_connections, "too-many", "there are too many connections already"},
    Words{Reason::no_name, "no-name", "no name has this address"},
    Words{Reason::no_audit, "no-audit", "the audit log cannot be written (is the host's disk full?)"},
    Words{Reason::no_hello, "no-hello", "the client closed the connection before sending a complete TLS ClientHello"},
    Words{Reason::not_tls, "not-tls", "not a valid TLS ClientHello"},
    Words{Reason::ech, "ech", "the ClientHello encrypts the server name (ECH)"},
    Words{Reason::sni_missing, "sni-missing", "the ClientHello has no server name (SNI)"},
    Words{Reason::sni_mismatch, "sni-mismatch", "SNI does not match the host that was looked up"},
    Words{Reason::no_request, "no-request", "the client closed the connection before sending a complete HTTP request"},
    Words{Reason::bad_request, "bad-request", "not a valid HTTP request"},
    Words{Reason::host_mismatch, "host-mismatch", "the Host header does not match the host that was looked up"},
    Words{Reason::upload_limit, "upload-limit", "the upload limit of this session is used up"},
    Words{Reason::refused_address, "refused-address", "the host name resolves to an address that is not allowed"},
    Words{Reason::upstream_dns, "upstream-dns", "the host name could not be resolved"},
    Words{Reason::upstream_connect, "upstream-connect", "could not connect to the host name's addresses"},
    Words{Reason::upstream_proxy, "upstream-proxy", "the upstream proxy refused or failed to connect"},
    Words{Reason::no_host, "no-host", "this network cannot reach the host"},
    Words{Reason::too_slow, "too-slow", "timed out waiting for a complete ClientHello or request"},
    Words{Reason::idle, "idle", "idle for too long"},
    Words{Reason::client_gone, "client-gone", "the client disconnected before the server answered"},
    Words{Reason::revoked, "revoked", "the rules changed while it was open"},
    Words{Reason::box_stopped, "stopped", "the box was stopped"},
    Words{Reason::internal, "internal", "the firewall failed"},
    Words{Reason::gate, "gate", "agent-entrypoint verified the firewall"},
    Words{Reason::asked, "asked", "the agent asks for it"},
    Words{Reason::granted, "granted", "the user allowed it"},
    Words{Reason::denied, "denied", "the user denied it"},
    Words{Reason::expired, "expired", "a temporary change expired"},
    Words{Reason::firewall_started, "start", "firewall started"},
    Words{Reason::firewall_stopped, "stop", "firewall stopped; the network is closed"},
    Words{Reason::left_out, "left-out",
          "decisions were dropped from the log by the rate limit; the totals include them"},
    Words{Reason::recovered, "recovered", "the audit log can be written again"},
    Words{Reason::other, "other", "a reason unknown to this version"},
};

constexpr bool is_in_order() {
  for (std::size_t i = 0; i < k_words.size(); ++i) {
    if (static_cast<std::size_t>(k_words[i].reason) != i) {
      return false;
    }
  }
  return k_words.back().reason == Reason::other;
}
static_assert(is_in_order(), "a line for each reason, in the order of the enum");

const Words& words_of(Reason reason) {
  return k_words.at(static_cast<std::size_t>(reason));
}

} // namespace

std::string_view token_of(Reason reason) {
  return words_of(reason).token;
}

Reason parse_reason(std::string_view token) {
  const auto* const found =
      std::find_if(k_words.begin(), k_words.end(), [&](const Words& words) { return words.token == token; });
  return found == k_words.end() ? Reason::other : found->reason;
}

std::string describe(Reason reason, std::string_view detail) {
  std::string text(words_of(reason).text);
  return detail.empty() ? text : text.append(": ").append(detail);
}

} // namespace agentbox::firewall::audit
