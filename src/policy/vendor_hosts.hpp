// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "policy/policy.hpp"

namespace agentbox::policy {

/// The hosts of the agent's vendor that a box cannot reach.
struct VendorGap {
  std::vector<std::string> hosts; ///< not reachable; empty if all are
  bool hopeless = false;          ///< the agent cannot work without them, with any credentials

  bool operator==(const VendorGap&) const = default;
};

/// Finds vendor hosts that the policy denies to the agent, because agents retry for minutes before they report it.
/// Codex uses one host with an API key and another with an account: with a key in the environment and no credentials
/// mounted only the former matters, otherwise one of them is enough. Nothing is reported for configured agents, with
/// --full-network or with another provider in the environment (ANTHROPIC_BASE_URL and the like).
VendorGap vendor_gap(const PolicyFields& fields);

} // namespace agentbox::policy
