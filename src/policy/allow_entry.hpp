// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string_view>
#include <variant>

#include "policy/egress.hpp"

namespace agentbox::policy {

/// One port of the developer's own machine: "host:11434".
struct HostPort {
  std::uint16_t port = 0;
  bool operator==(const HostPort&) const = default;
};

/// What one line of allow_hosts, of an allow file, or of --allow can mean.
using AllowEntry = std::variant<HostEntry, AddressEntry, HostPort>;
using AllowResult = std::variant<AllowEntry, EntryProblem>;

/// Parses what parse_host_entry() takes, and besides:
/// - "ADDRESS:PORT", "BLOCK/PREFIX:PORT", with IPv6 in brackets. The port must be named, as nothing but it is checked.
/// A
///   block must lie in private space; loopback, link-local, multicast and reserved addresses are refused.
/// - "host:PORT" (also host.containers.internal and host.docker.internal): a port of the developer's own machine.
AllowResult parse_allow_entry(std::string_view text);

/// Adds `entry` to the list of `policy` that it belongs to; the lists are not kept in order.
void add_entry(AllowEntry entry, EgressPolicy& policy);

/// Parses "ADDRESS:PORT" or "BLOCK/PREFIX:PORT" alone.
std::variant<AddressEntry, EntryProblem> parse_address_entry(std::string_view text);

/// Parses "PATTERN=BYTES", as UploadLimit::text() writes it.
std::variant<UploadLimit, EntryProblem> parse_upload_limit(std::string_view text);

/// Parses "NAME:PORT", "ADDRESS:PORT", "host:PORT", each also with "http://" before and "/" behind it. Credentials are
/// refused: they would stand in the policy in clear.
std::variant<UpstreamProxy, EntryProblem> parse_upstream_proxy(std::string_view text);

} // namespace agentbox::policy
