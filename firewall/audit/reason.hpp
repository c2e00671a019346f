// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>

namespace agentbox::firewall::audit {

/// Reasons of decisions, and events.
enum class Reason {
  none, ///< nothing decided yet
  allowed,
  blocked,         ///< by a rule of block_hosts, or by the user's `agentbox deny`
  not_listed,      ///< no entry names the host
  port_not_listed, ///< the host is listed with other ports only
  bad_name,
  address_not_listed, ///< a packet to an address that belongs to no name
  too_many_names,     ///< no virtual address is free
  too_many_connections,
  no_name, ///< a connection to a virtual address without a name
  no_audit,
  no_hello,
  not_tls,
  ech,
  sni_missing,
  sni_mismatch,
  no_request,
  bad_request,
  host_mismatch,
  upload_limit,
  refused_address,
  upstream_dns,
  upstream_connect,
  upstream_proxy,
  no_host, ///< the network has no gateway to the host
  too_slow,
  idle,
  client_gone,
  revoked, ///< the rules changed while it was open
  box_stopped,
  internal,
  gate,
  asked, ///< by agentbox-ask; the record's text is the reason that the box gave
  granted,
  denied,
  expired,
  firewall_started,
  firewall_stopped,
  left_out,
  recovered,
  other, ///< read from the log of another version
};

/// Returns the stable identifier used in the audit log, such as "not-listed"; "" for Reason::none.
std::string_view token_of(Reason reason);

/// Returns the reason with token `token`, or Reason::other.
Reason parse_reason(std::string_view token);

/// Returns a description of `reason`, followed by `detail` if there is one: "idle for too long: 600 s".
std::string describe(Reason reason, std::string_view detail = {});

} // namespace agentbox::firewall::audit
