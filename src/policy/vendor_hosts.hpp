// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "policy/policy.hpp"

namespace agentbox::policy {

/// Returns the hosts that a built-in agent needs from its vendor. Empty for configured agents.
const std::vector<std::string>& vendor_hosts(std::string_view agent);

/// The hosts of the agent's vendor that a box cannot reach.
struct VendorGap {
  std::vector<std::string> hosts; ///< not reachable; empty if all are
  bool hopeless = false;          ///< the agent cannot work without them, with any credentials

  bool operator==(const VendorGap&) const = default;
};

/// Finds vendor hosts that the policy denies to the agent, because agents retry for minutes before they report it.
/// Codex uses one host with an API key and another with an account: with a key in the environment and no credentials
/// mounted only the former matters, otherwise one of them is enough. Nothing is reported with --full-network or with
/// another provider in the environment (ANTHROPIC_BASE_URL and the like).
VendorGap vendor_gap(const PolicyFields& fields);

/// A request that a built-in agent makes at each interactive start, does not need, and has no setting for. It is denied
/// and audited like any other, but not reported to the user.
struct KnownRequest {
  std::string host;
  std::size_t lookups = 0; ///< DNS queries of one start; more are made by something else

  bool operator==(const KnownRequest&) const = default;
};

/// Returns the known requests of agent `agent`; none for configured agents.
const std::vector<KnownRequest>& known_requests(std::string_view agent);

} // namespace agentbox::policy
