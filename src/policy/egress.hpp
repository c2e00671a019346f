// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "policy/host_pattern.hpp"

namespace agentbox::policy {

/// Whether the firewall filters. `full` is --full-network: no ruleset, said on every start.
enum class NetworkMode { filtered, full };

/// An IPv4 range in CIDR notation, from which listed names get their addresses in the box.
struct VirtualRange {
  std::uint32_t base = 0xC6120000U; ///< host byte order; 198.18.0.0 (RFC 2544, RFC 6890)
  std::uint8_t prefix = 15;

  std::string text() const; ///< "198.18.0.0/15"
  bool operator==(const VirtualRange&) const = default;
};

/// What the box may reach: all that the firewall needs to know. Travels as JSON (egress_json.hpp).
struct EgressPolicy {
  NetworkMode mode = NetworkMode::filtered;
  VirtualRange virtual_range;
  std::vector<HostEntry> allow;      ///< sorted, unique
  std::vector<HostPattern> block;    ///< wins over allow; sorted, unique
  std::vector<HostPattern> allow_ech; ///< names for which a missing or encrypted SNI is accepted on 443; normally empty
  std::vector<HostPattern> allow_private; ///< names whose upstream addresses may be private (RFC 1918); normally empty

  bool operator==(const EgressPolicy&) const = default;
};

} // namespace agentbox::policy
