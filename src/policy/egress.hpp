// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/host_pattern.hpp"

namespace agentbox::policy {

/// Whether the firewall filters. `full` is --full-network: no ruleset, said on every start.
enum class NetworkMode { filtered, full };
/// "filtered" or "full".
std::string_view mode_text(NetworkMode mode);

/// Which kernel interface the ruleset is loaded through. Same rules, same policy.
enum class FirewallDriver { nftables, iptables };
/// "nftables" or "iptables".
std::string_view driver_text(FirewallDriver driver);

/// An IPv4 range in CIDR notation, from which listed names get their addresses in the box.
struct VirtualRange {
  std::uint32_t base = 0xC6120000U; ///< host byte order; 198.18.0.0 (RFC 2544, RFC 6890)
  std::uint8_t prefix = 15;

  std::string text() const; ///< "198.18.0.0/15"
  bool operator==(const VirtualRange&) const = default;
};

/// Parses "A.B.C.D/N". Nothing unless it is strict dotted decimal, N is 8 to 24, no bit is set past the prefix, and the
/// whole range lies in address space that is nobody's on the internet: 198.18.0.0/15, 10.0.0.0/8, 172.16.0.0/12,
/// 192.168.0.0/16 or 100.64.0.0/10.
std::optional<VirtualRange> parse_virtual_range(std::string_view text);

/// What the box may reach: all that the firewall needs to know. Travels as JSON (egress_json.hpp).
struct EgressPolicy {
  NetworkMode mode = NetworkMode::filtered;
  VirtualRange virtual_range;
  std::vector<HostEntry> allow;       ///< sorted, unique
  std::vector<HostPattern> block;     ///< wins over allow; sorted, unique
  std::vector<HostPattern> allow_ech; ///< names for which a missing or encrypted SNI is accepted on 443; normally empty
  std::vector<HostPattern> allow_private; ///< names whose upstream addresses may be private (RFC 1918); normally empty

  bool operator==(const EgressPolicy&) const = default;
};

} // namespace agentbox::policy
