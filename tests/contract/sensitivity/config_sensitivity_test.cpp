// SPDX-License-Identifier: Apache-2.0
// Every field of the policy, changed in turn, must change a container's config.json, or be in the table of exceptions,
// with the reason.
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "catch.hpp"
#include "oci/runtime_config.hpp"
#include "unit/oci/sample.hpp"
#include "variations.hpp"

namespace agentbox {
namespace {

using policy::PolicyFields;
using tests::base_fields;
using tests::not_a_choice;
using tests::Variation;
using tests::variations;

/// Fields that are in no config.json, and where they take effect instead.
const std::map<std::string, std::string>& cannot_express() {
  static const std::map<std::string, std::string> table = {
      {"workspace.mask_except", "becomes what is masked, a fact of the host"},
      {"workspace.protect_except", "becomes what is protected, a fact of the host"},
      {"mounts.reason", "shown to the user, not to the box"},
      {"mounts.label", "becomes a step of the plan, on a host with SELinux"},
      {"ports.address", "the pod's: podman pod create --publish"},
      {"ports.host_port", "the pod's: podman pod create --publish"},
      {"agent.auth", "becomes mounts before anything is rendered"},
      {"agent.history", "becomes mounts before anything is rendered"},
      {"agent.continue_last", "becomes run.arguments before anything is rendered"},
      {"agent.resume", "becomes run.arguments before anything is rendered"},
      {"agent.model", "becomes run.arguments before anything is rendered"},
      {"image.base", "becomes root.path, a fact of the host"},
      {"image.toolkits", "becomes root.path, a fact of the host"},
      {"image.packages", "becomes root.path, a fact of the host"},
      {"image.agents", "becomes root.path, a fact of the host"},
  };
  return table;
}

oci::HostFacts facts_for(const PolicyFields& fields) {
  oci::HostFacts facts = tests::sample_facts();
  facts.guarded.read_only = fields.workspace.protect;
  facts.sources = {{fields.workspace.source, {1, 1, true}}, {fields.workspace.source / ".git", {1, 2, true}}};
  for (const std::string& path : fields.workspace.protect) {
    facts.sources[fields.workspace.source / path] = {1, 3, true};
  }
  facts.guarded.masked = fields.workspace.mask;
  for (const policy::Mount& mount : fields.mounts) {
    facts.sources[mount.source] = {1, 4, true};
  }
  return facts;
}

std::string rendered(const PolicyFields& fields) {
  const policy::Policy policy = tests::build(fields);
  const oci::HostFacts facts = facts_for(fields);
  return oci::config_text(oci::render_agent(policy, facts)) + oci::config_text(oci::render_firewall(policy, facts));
}

TEST_CASE("every field of the policy changes a config.json, or is in the table with the reason") {
  const std::string before = rendered(base_fields());
  for (const Variation& variation : variations()) {
    INFO(variation.field);
    PolicyFields fields = base_fields();
    variation.change(fields);
    REQUIRE_FALSE(fields == base_fields());
    if (not_a_choice().contains(variation.field)) {
      CHECK(std::holds_alternative<policy::Diagnostics>(policy::build_policy(fields)));
      continue;
    }
    CHECK((rendered(fields) == before) == cannot_express().contains(variation.field));
  }
}

} // namespace
} // namespace agentbox
