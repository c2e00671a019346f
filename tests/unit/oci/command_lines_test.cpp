// SPDX-License-Identifier: Apache-2.0
#include "oci/command_lines.hpp"

#include "catch.hpp"
#include "unit/oci/sample.hpp"

namespace agentbox::oci {
namespace {

using Words = std::vector<std::string>;

policy::PolicyFields fields_with(policy::Run::Kind kind) {
  policy::PolicyFields fields = tests::sample_fields();
  fields.agent.command = {"codex", "--yolo"};
  fields.agent.prompt = {"codex", "exec"};
  fields.run.kind = kind;
  return fields;
}

TEST_CASE("the agent's argv says what agent-entrypoint shall start") {
  auto fields = fields_with(policy::Run::Kind::agent);
  CHECK(agent_argv(fields) == Words{"/usr/local/bin/agent-entrypoint", "agent", "codex", "--yolo"});
  fields.run = {policy::Run::Kind::prompt, "say \"hi\"\nthere", {}};
  CHECK(agent_argv(fields) == Words{"/usr/local/bin/agent-entrypoint", "exec", "codex", "exec", "say \"hi\"\nthere"});
  fields.run = {policy::Run::Kind::command, "", {"make", "-j2"}};
  CHECK(agent_argv(fields) == Words{"/usr/local/bin/agent-entrypoint", "exec", "make", "-j2"});
}

TEST_CASE("the firewall's argv has no blanks, which Podman would split it at") {
  auto fields = tests::sample_fields();
  fields.firewall_driver = policy::FirewallDriver::iptables;
  fields.ports = {{"127.0.0.1", 8080, 80}};
  const Words argv = firewall_argv(fields, tests::sample_facts());
  CHECK(argv.front() == "/agentbox-firewall");
  CHECK(std::find(argv.begin(), argv.end(), "iptables") != argv.end());
  for (const std::string& word : argv) {
    CHECK(!word.empty());
    CHECK(word.find_first_of(" \t\n") == std::string::npos);
  }
}

TEST_CASE("the pod is named after the box") {
  CHECK(pod_name(tests::sample_fields()) == "agentbox-t");
}

} // namespace
} // namespace agentbox::oci
