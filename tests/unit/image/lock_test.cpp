// SPDX-License-Identifier: Apache-2.0
#include "image/lock.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "image/npm.hpp"
#include "support/error.hpp"
#include "support/file.hpp"

using namespace agentbox::image;
using agentbox::support::Error;
using Catch::Matchers::Contains;

using nlohmann::literals::operator""_json_pointer;

namespace {

std::string shipped_text() {
  return agentbox::support::read_file(
      std::filesystem::path(AGENTBOX_SOURCE_DIR) / "containerfiles/agent/agents.lock.json", 1U << 20U);
}

/// Returns the shipped lock with one value changed, as text.
std::string with(const nlohmann::json::json_pointer& where, const nlohmann::json& value) {
  nlohmann::json document = nlohmann::json::parse(shipped_text());
  document[where] = value;
  return document.dump();
}

const nlohmann::json::json_pointer k_package("/agents/codex/packages/linux-x64");

} // namespace

TEST_CASE("the shipped lock pins every variant of every vendor, and is in canonical form") {
  const AgentsLock lock = parse_lock(shipped_text(), "agents.lock.json");
  CHECK(to_json(lock) == shipped_text());
  for (const agentbox::agents::AgentData& data : agentbox::agents::agent_data()) {
    REQUIRE(lock.agents.contains(data.name));
    const PinnedAgent& agent = lock.agents.at(data.name);
    const std::vector<Variant> variants = variants_of(data.npm, agent.version);
    CHECK(agent.packages.size() == variants.size());
    for (const Variant& variant : variants) {
      REQUIRE(agent.packages.contains(variant.platform));
      CHECK(agent.packages.at(variant.platform).name == variant.package);
      CHECK(agent.packages.at(variant.platform).version == variant.version);
    }
  }
}

TEST_CASE("an invalid lock file is refused, naming the file") {
  const std::string integrity = "sha512-" + std::string(85, 'A') + "/==";
  CHECK_NOTHROW(parse_lock(with(k_package / "integrity", integrity), "L"));
  for (const std::string& text : {std::string(),
                                  std::string("{"),
                                  std::string("[]"),
                                  std::string(R"({"version":1})"),
                                  with("/version"_json_pointer, 2),
                                  with("/more"_json_pointer, 1),
                                  with("/agents/codex/more"_json_pointer, 1),
                                  with(k_package / "more", 1),
                                  with(k_package / "integrity", "sha1-x"),
                                  with(k_package / "integrity", "sha512-" + std::string(88, 'A')),
                                  with(k_package / "integrity", "sha512-" + std::string(85, 'A') + "*=="),
                                  with(k_package / "integrity", 7),
                                  with(k_package / "name", "../x"),
                                  with(k_package / "name", "@a/../b"),
                                  with(k_package / "name", ""),
                                  with(k_package / "name", "a b"),
                                  with(k_package / "version", "1.0/.."),
                                  with(k_package / "version", "-1"),
                                  with(k_package / "version", "1..2"),
                                  with("/agents/a~1b"_json_pointer, nlohmann::json::object())}) {
    INFO(text);
    CHECK_THROWS_AS(parse_lock(text, "L"), Error);
  }
  CHECK_THROWS_WITH(parse_lock("{", "/x/agents.lock.json"), Contains("/x/agents.lock.json"));
}

TEST_CASE("the package fits the machine and the C library") {
  const AgentsLock lock = parse_lock(shipped_text(), "L");
  CHECK(package_for(lock.agents.at("claude"), "claude", "x64", false).name == "@anthropic-ai/claude-code-linux-x64");
  CHECK(package_for(lock.agents.at("claude"), "claude", "x64", true).name ==
        "@anthropic-ai/claude-code-linux-x64-musl");
  CHECK(package_for(lock.agents.at("codex"), "codex", "arm64", true).version.ends_with("-linux-arm64"));
  CHECK_THROWS_AS(package_for(lock.agents.at("codex"), "codex", "riscv64", false), Error);
}
