// SPDX-License-Identifier: Apache-2.0
#include "config/agent_file.hpp"

#include <filesystem>

#include "catch.hpp"
#include "policy/host_pattern.hpp"
#include "support/file.hpp"

using namespace agentbox;
using Catch::Contains;

namespace {

const std::string k_minimal = "title = \"T\"\ncommand = [\"a\", \"{quiet}\"]\nquiet = [\"-q\", \"1\"]\n"
                              "[npm]\npackage = \"a\"\nprogram = \"a\"\nplatforms.linux-x64 = \"a-x64@{version}\"\n";

/// Returns the messages and hints about `text`.
std::string mistakes_in(const std::string& text) {
  policy::Diagnostics diagnostics;
  config::parse_agent_file("a", text, "a.toml", diagnostics);
  std::string all;
  for (const auto& [where, message, hint] : diagnostics) {
    CHECK_THAT(where, Catch::StartsWith("a.toml:"));
    all += message + "; " + hint + "\n";
  }
  return all;
}

} // namespace

TEST_CASE("the compiled-in agents are those of agents/*.toml") {
  const std::filesystem::path directory = std::filesystem::path(AGENTBOX_SOURCE_DIR) / "agents";
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().extension() == ".toml") {
      INFO(entry.path());
      policy::Diagnostics diagnostics;
      const agents::AgentData data =
          config::parse_agent_file(entry.path().stem().string(), support::read_file(entry.path(), 1U << 20U),
                                   entry.path().string(), diagnostics);
      CHECK(diagnostics.empty());
      const agents::AgentData* compiled = agents::find_agent_data(data.name);
      REQUIRE(compiled != nullptr);
      CHECK(*compiled == data);
      ++count;
    }
  }
  CHECK(agents::agent_data().size() == count);
  CHECK(agents::find_agent_data("") == nullptr);
}

TEST_CASE("every host of an agent is canonical, and those that it needs are allowed with it") {
  for (const agents::AgentData& agent : agents::agent_data()) {
    INFO(agent.name);
    for (const auto* hosts : {&agent.default_hosts, &agent.hosts, &agent.hosts_with_key}) {
      for (const std::string& host : *hosts) {
        INFO(host);
        CHECK(policy::is_canonical_name(host));
      }
    }
    for (const auto& [host, why] : agent.unneeded) {
      CHECK(policy::is_canonical_name(host));
    }
  }
}

TEST_CASE("a file of an agent is read strictly") {
  CHECK(mistakes_in(k_minimal).empty());
  CHECK_THAT(mistakes_in("modl = [\"-m\"]\n" + k_minimal), Contains("unknown key \"modl\", did you mean \"model\"?"));
  CHECK_THAT(mistakes_in(k_minimal + "prefixx = \"p\"\n"), Contains("unknown key \"npm.prefixx\""));
  CHECK_THAT(mistakes_in(k_minimal + "platforms.linux-x46 = \"a@{version}\"\n"),
             Contains("\"linux-x46\" is not a platform, did you mean \"linux-x64\"?"));
  CHECK_THAT(mistakes_in(k_minimal + "platforms.linux-arm64 = \"a\"\n"), Contains("\"a\" is not NAME@{version}"));
  CHECK_THAT(mistakes_in("title = 1\n" + k_minimal.substr(k_minimal.find("command"))),
             Contains("title must be a string, not a whole number"));
  CHECK_THAT(mistakes_in("title = \"T\"\n"), Contains("an agent needs a title, a command and [npm]"));
  CHECK_THAT(mistakes_in("auth = [\"../x\"]\n" + k_minimal), Contains("\"../x\" is not a path below the home"));
  CHECK_THAT(mistakes_in("auth = [\"/etc/shadow\"]\n" + k_minimal), Contains("is not a path below the home"));
  CHECK_THAT(mistakes_in("model = [\"\\u001b\"]\n" + k_minimal), Contains("1 to 200 bytes of printable ASCII"));
  CHECK_THAT(mistakes_in("model = [\"" + std::string(201, 'x') + "\"]\n" + k_minimal), Contains("1 to 200 bytes"));
  CHECK_THAT(mistakes_in(k_minimal + "[login]\nlock_type = \"link\"\n"),
             Contains("must be \"directory\" or \"file\"") && Contains("login needs a variable"));
  CHECK_THAT(mistakes_in(k_minimal + "[[known_requests]]\nhost = \"h\"\nlookups = 100\n"),
             Contains("must be a number from 1 to 99"));
  CHECK_THAT(mistakes_in(std::string((64U << 10U) + 1, '#')), Contains("at most 64 KB"));
  CHECK_THAT(mistakes_in("[+"), Contains("not valid TOML"));
}

TEST_CASE("the options that keep an agent quiet replace {quiet}") {
  policy::Diagnostics diagnostics;
  const agents::AgentData agent = config::parse_agent_file("a", k_minimal, "a.toml", diagnostics);
  CHECK(agent.command == std::vector<std::string>{"a", "-q", "1"});
  CHECK(agent.name == "a");
}
