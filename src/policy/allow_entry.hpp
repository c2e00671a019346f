// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string_view>
#include <variant>

#include "policy/egress.hpp"

namespace agentbox::policy {

/// One loopback port of the host: "host:11434".
struct HostPort {
  std::uint16_t port = 0;
  bool operator==(const HostPort&) const = default;
};

/// One entry of allow_hosts, of an allow file, or of --allow.
using AllowEntry = std::variant<HostEntry, AddressEntry, HostPort>;
using AllowResult = std::variant<AllowEntry, EntryProblem>;

/// Parses what parse_host_entry() accepts, and:
/// - "ADDRESS:PORT", "BLOCK/PREFIX:PORT", with IPv6 in brackets. The port is required, because nothing else is checked.
///   A block must be in private address space; loopback, link-local, multicast and reserved addresses are refused.
/// - "host:PORT" (also host.containers.internal and host.docker.internal): a loopback port of the host.
AllowResult parse_allow_entry(std::string_view text);

/// Appends `entry` to the list in `policy` for its type; does not sort.
void add_entry(AllowEntry entry, EgressPolicy& policy);

/// Parses "ADDRESS:PORT" or "BLOCK/PREFIX:PORT".
std::variant<AddressEntry, EntryProblem> parse_address_entry(std::string_view text);

/// Parses "PATTERN=BYTES", as UploadLimit::text() writes it.
std::variant<UploadLimit, EntryProblem> parse_upload_limit(std::string_view text);

/// Parses "NAME:PORT", "ADDRESS:PORT", "host:PORT", each optionally as "http://…/". Credentials are
/// refused: the policy would contain them in clear text.
std::variant<UpstreamProxy, EntryProblem> parse_upstream_proxy(std::string_view text);

} // namespace agentbox::policy
