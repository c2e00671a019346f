// SPDX-License-Identifier: Apache-2.0
// Prints a JSON object of sample config.json files: as rendered, with everything set, and as imposed by the hook.
#include <iostream>
#include <nlohmann/json.hpp>

#include "oci/impose/impose.hpp"
#include "oci/runtime_config.hpp"
#include "unit/oci/sample.hpp"

using namespace agentbox; // NOLINT: a program of one function

int main() {
  policy::PolicyFields fields = tests::sample_fields();
  oci::HostFacts facts = tests::sample_facts();
  nlohmann::json samples;
  samples["agent"] = oci::render_agent(tests::build(fields), facts);
  samples["firewall"] = oci::render_firewall(tests::build(fields), facts);
  for (const char* version : {"4.3.1", "5.4.2"}) {
    for (const auto& [role, name] : {std::pair{oci::Role::agent, "agent"}, std::pair{oci::Role::firewall, "infra"}}) {
      auto podman = tests::json_fixture(std::string("podman-") + version + "-" + name + ".json");
      const auto& ours = samples[role == oci::Role::agent ? "agent" : "firewall"];
      podman["process"]["args"] = ours["process"]["args"];
      samples[std::string("imposed on ") + version + " " + name] = oci::impose(podman, ours, role);
    }
  }
  fields.limits.memory_bytes = 1U << 30U;
  fields.limits.cpu_millis = 1500;
  fields.ca_bundle = "/etc/ssl/corp.pem";
  fields.mounts = {{"/srv/data", "/data", true, "--mount"}};
  facts.sources["/srv/data"] = {1, 50, true};
  facts.uid_mappings = {{0, 100000, 1000}, {1000, 1000, 1}};
  facts.gid_mappings = facts.uid_mappings;
  facts.network_namespace = "/proc/7/ns/net";
  facts.user_namespace = "/proc/7/ns/user";
  facts.terminal = true;
  samples["agent with everything"] = oci::render_agent(tests::build(fields), facts);
  std::cout << samples.dump() << '\n';
}
