// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/address.hpp"
#include "policy/host_pattern.hpp"

namespace agentbox::policy {

/// Turns the firewall's filtering on or off. `full` is --full-network: no ruleset; every start shows a warning.
enum class NetworkMode { filtered, full };
/// Returns "filtered" or "full".
std::string_view mode_text(NetworkMode mode);

/// Kernel interface through which the ruleset is loaded. The rules are the same.
enum class FirewallDriver { nftables, iptables };
/// Returns "nftables" or "iptables".
std::string_view driver_text(FirewallDriver driver);

/// An IPv4 range in CIDR notation, from which listed names get their addresses inside the box.
struct VirtualRange {
  std::uint32_t base = 0xC6120000U; ///< host byte order; 198.18.0.0 (RFC 2544, RFC 6890)
  std::uint8_t prefix = 15;

  std::string text() const; ///< "198.18.0.0/15"
  bool operator==(const VirtualRange&) const = default;
};

/// Parses "A.B.C.D/N": strict dotted decimal, N from 8 to 24, no bit set after the prefix, and the whole range in
/// address space that is not routed on the internet: 198.18.0.0/15, 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or
/// 100.64.0.0/10.
std::optional<VirtualRange> parse_virtual_range(std::string_view text);

/// Maximum number of bytes that a session may send to the hosts of one pattern.
struct UploadLimit {
  HostPattern pattern;
  std::uint64_t bytes = 0;

  std::string text() const; ///< "paste.example.com=1048576"
  bool operator==(const UploadLimit&) const = default;
  auto operator<=>(const UploadLimit&) const = default; // NOLINT(modernize-use-nullptr): clang-tidy 14 is wrong
};

/// An HTTP proxy for connections to names (CONNECT).
struct UpstreamProxy {
  std::string host; ///< a canonical name, an IP literal as address_text() writes it, or k_host_alias
  std::uint16_t port = 0;

  std::string text() const; ///< "proxy.example.com:3128", "[fd00::1]:3128"
  bool operator==(const UpstreamProxy&) const = default;
};

/// The host in lists: "host:11434" is one of its loopback ports.
inline constexpr std::string_view k_host_alias = "host";
/// Canonical name of the host inside the box; k_host_alias and "host.docker.internal" are aliases.
inline constexpr std::string_view k_host_name = "host.containers.internal";

/// Returns whether `name` (canonical, or k_host_alias) is the host.
bool is_host_alias(std::string_view name);

/// The hosts and addresses that the box may reach. The firewall gets it as JSON (egress_json.hpp).
struct EgressPolicy {
  NetworkMode mode = NetworkMode::filtered;
  VirtualRange virtual_range;
  std::vector<HostEntry> allow;           ///< sorted, unique
  std::vector<HostPattern> block;         ///< wins over allow; sorted, unique
  std::vector<HostPattern> allow_ech;     ///< names for which a missing or encrypted SNI is accepted; normally empty
  std::vector<HostPattern> allow_private; ///< names whose upstream addresses may be private (RFC 1918); normally empty
  std::vector<AddressEntry> allow_addresses;   ///< services without a name; sorted, unique, at most k_max_addresses
  std::vector<std::uint16_t> host_ports;       ///< loopback ports of the host; sorted, unique
  std::optional<std::uint64_t> max_upload;     ///< bytes that a session may send to what one entry of `allow` covers
  std::vector<UploadLimit> upload_limits;      ///< per pattern, overrides max_upload; sorted by pattern
  std::optional<UpstreamProxy> upstream_proxy; ///< none: the firewall connects directly

  /// Each address entry becomes kernel rules, so the number is limited.
  static constexpr std::size_t k_max_addresses = 256;
  static constexpr std::size_t k_max_host_ports = 32;

  bool operator==(const EgressPolicy&) const = default;
};

/// Returns the loopback ports of the host that the firewall itself may connect to: host_ports, and that of an upstream
/// proxy on the host. Sorted, unique. Pure.
std::vector<std::uint16_t> reachable_host_ports(const EgressPolicy& policy);

} // namespace agentbox::policy
