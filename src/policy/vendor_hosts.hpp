// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "policy/policy.hpp"

namespace agentbox::policy {

/// The hosts of a built-in agent's vendor that it talks to. Empty for agents of a config.
const std::vector<std::string>& vendor_hosts(std::string_view agent);

/// What a box cannot reach of its agent's vendor although the agent is to be started.
struct VendorGap {
  std::vector<std::string> hosts; ///< out of reach; empty when all is well
  bool hopeless = false;          ///< the agent cannot work without them, whatever credentials it will have

  bool operator==(const VendorGap&) const = default;
};

/// Agents try for minutes before they say that their vendor does not answer, so it is looked for before they start.
/// Codex uses one host with an API key and another with an account: with a key among the box's variables, and no
/// credentials mounted, the former is the one that counts; without, either one may do. Another provider named by a
/// variable of the box (ANTHROPIC_BASE_URL and the like), and --full-network, are the user's own affair.
VendorGap vendor_gap(const PolicyFields& fields);

/// A request that a built-in agent makes at each interactive start, does without, and has no setting for. It is denied
/// and audited like any other; only people need not be told of it each time.
struct KnownRequest {
  std::string host;
  std::size_t lookups = 0; ///< DNS queries of one start; what comes on top is somebody else's

  bool operator==(const KnownRequest&) const = default;
};

/// Those of agent `agent`; none for agents of a config.
const std::vector<KnownRequest>& known_requests(std::string_view agent);

} // namespace agentbox::policy
