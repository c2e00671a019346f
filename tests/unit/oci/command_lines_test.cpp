// SPDX-License-Identifier: Apache-2.0
#include "oci/command_lines.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "oci/box_file.hpp"
#include "unit/oci/sample.hpp"

namespace agentbox::oci {
namespace {

using Words = std::vector<std::string>;

policy::PolicyFields fields_with(policy::Run::Kind kind) {
  policy::PolicyFields fields = tests::sample_fields();
  fields.agent.command = {"codex", "--yolo"};
  fields.agent.prompt = {"codex", "exec"};
  fields.agent.about.clear();
  fields.run.kind = kind;
  return fields;
}

TEST_CASE("the agent's argv contains what agent-entrypoint must start") {
  auto fields = fields_with(policy::Run::Kind::agent);
  CHECK(agent_argv(fields) == Words{"/usr/local/bin/agent-entrypoint", "agent", "codex", "--yolo"});
  fields.run = {policy::Run::Kind::prompt, "say \"hi\"\nthere", {}};
  CHECK(agent_argv(fields) == Words{"/usr/local/bin/agent-entrypoint", "exec", "codex", "exec", "say \"hi\"\nthere"});
  fields.agent.prompt = {"gemini", "--prompt="}; // which takes the text, after the other arguments
  fields.run = {policy::Run::Kind::prompt, "-x", {}, {"--model", "m"}};
  CHECK(agent_argv(fields) ==
        Words{"/usr/local/bin/agent-entrypoint", "exec", "gemini", "--model", "m", "--prompt=-x"});
  fields.run = {policy::Run::Kind::command, "", {"make", "-j2"}};
  CHECK(agent_argv(fields) == Words{"/usr/local/bin/agent-entrypoint", "exec", "make", "-j2"});
}

TEST_CASE("an agent is told about its box, other programs are not") {
  auto fields = fields_with(policy::Run::Kind::agent);
  fields.agent.about = {"-c", "developer_instructions=\"{about}\""};
  fields.run.arguments = {"resume"};
  const Words argv = agent_argv(fields);
  REQUIRE(argv.size() == 7);
  CHECK(argv[5] == "developer_instructions=\"" + about_text(fields, Launcher::agentbox) + "\"");
  CHECK(argv.back() == "resume");
  fields.run = {policy::Run::Kind::prompt, "hi", {}};
  fields.agent.prompt = {"codex", "exec", "--"};
  const Words prompt = agent_argv(fields);
  CHECK(prompt.at(4) == "-c");
  CHECK(Words(prompt.end() - 2, prompt.end()) == Words{"--", "hi"});
  fields.run = {policy::Run::Kind::command, "", {"codex"}};
  CHECK(agent_argv(fields) == Words{"/usr/local/bin/agent-entrypoint", "exec", "codex"});
}

TEST_CASE("the text about the box lists what can be reached, what is mounted and what can be asked for") {
  auto fields = tests::sample_fields();
  fields.mounts = {{"/srv/data", "/data", true, "--mount"},
                   {"/x", "/home/agent/.claude/projects", false, "agent.history"}};
  fields.egress.allow = {{{"api.example.com", false}, 443}, {{"git.example.com", false}, 22}};
  const std::string text = about_text(fields, Launcher::agentbox);
  for (const char* part : {"/workspace", "api.example.com, git.example.com:22", "/data (read-only)",
                           "agentbox-ask allow HOST --why", "agentbox allow HOST --for 1h --box t", "box.json"}) {
    INFO(part);
    CHECK(text.find(part) != std::string::npos);
  }
  CHECK(text.find("projects") == std::string::npos);
  CHECK(text.find("/srv") == std::string::npos);
  const std::string generated = about_text(fields, Launcher::other);
  CHECK(generated.find("agentbox allow") == std::string::npos);
  CHECK(generated.find("box.json") == std::string::npos);
  fields.egress.mode = policy::NetworkMode::full;
  CHECK(about_text(fields, Launcher::agentbox).find("not restricted") != std::string::npos);
  fields.mounts.front().destination = "/a\"b\\c\nd\xc3\xa4";
  fields.egress.mode = policy::NetworkMode::filtered;
  for (int i = 0; i < 5000; ++i) {
    fields.egress.allow.push_back({{"h" + std::to_string(i) + ".example.com", false}, 443});
  }
  const std::string odd = about_text(fields, Launcher::agentbox);
  CHECK(odd.find("/a?b?c?d??") != std::string::npos);
  CHECK(odd.find("and 4962 more") != std::string::npos);
  CHECK(odd.size() < 4000);
}

TEST_CASE("box.json contains what the box may know, and nothing about the host") {
  auto fields = tests::sample_fields();
  fields.mounts = {{"/srv/secret-place", "/data", true, "--mount"}};
  fields.env = {{"TOKEN", "secret-value"}};
  fields.limits.cpu_millis = 1500;
  fields.egress.upstream_proxy = {"secret-proxy.example", 3128};
  const std::string text = box_file(fields, {{"pypi.org", true, "2026-01-31T12:10:00Z"}, {"x.example", false, ""}});
  const auto object = nlohmann::json::parse(text);
  CHECK(object.at("version") == 1);
  CHECK(object.at("name") == "t");
  CHECK(object.at("network").at("mode") == "filtered");
  CHECK(object.at("network").at("allow").size() == 6);
  CHECK(object.at("network").at("changes").at(0) ==
        nlohmann::json({{"host", "pypi.org"}, {"allow", true}, {"until", "2026-01-31T12:10:00Z"}}));
  CHECK(object.at("network").at("changes").at(1).at("until").is_null());
  CHECK(object.at("mounts").at(1) == nlohmann::json({{"path", "/data"}, {"read_only", true}}));
  CHECK(object.at("limits").at("cpus") == 1.5);
  CHECK(object.at("limits").at("memory_bytes").is_null());
  CHECK(text.find("secret") == std::string::npos);
  CHECK(text.find("/home/dev") == std::string::npos);
}

TEST_CASE("the firewall's argv has no blanks, at which Podman would split it") {
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
