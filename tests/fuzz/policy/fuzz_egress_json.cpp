// SPDX-License-Identifier: Apache-2.0
// The firewall's policy file: what is accepted is JSON, survives a round trip, and can be indexed.
#include <nlohmann/json.hpp>

#include "policy/egress_index.hpp"
#include "policy/egress_json.hpp"
#include "require.hpp"
#include "support/error.hpp"

namespace policy = agentbox::policy;
using agentbox::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { // NOLINT(*-identifier-naming)
  const std::string_view text = agentbox::fuzz::text_of(data, size);
  try {
    policy::EgressPolicy egress = policy::egress_from_json(text, "fuzz");
    require(nlohmann::json::accept(text), "what we accept is JSON");
    require(policy::egress_from_json(policy::to_json(egress), "fuzz") == egress, "the policy survives a round trip");
    require(policy::EgressIndex(egress).policy() == egress, "an accepted policy is sorted and unique already");
  } catch (const agentbox::support::Error& error) {
    require(!agentbox::fuzz::has_control_bytes(error.what()), "messages are safe on a terminal");
  }
  return 0;
}
