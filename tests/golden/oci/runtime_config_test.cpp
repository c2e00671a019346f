// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime_config.hpp"

#include <nlohmann/json.hpp>

#include "golden/golden.hpp"
#include "unit/oci/sample.hpp"

namespace agentbox::oci {
namespace {

TEST_CASE("the default contract's config.json of both containers") {
  const auto policy = tests::build(tests::sample_fields());
  const auto facts = tests::sample_facts();
  tests::check_golden("oci/agent.config.json", config_text(render_agent(policy, facts)));
  tests::check_golden("oci/firewall.config.json", config_text(render_firewall(policy, facts)));
}

} // namespace
} // namespace agentbox::oci
