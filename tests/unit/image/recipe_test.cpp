// SPDX-License-Identifier: Apache-2.0
#include "image/recipe.hpp"

#include <cstdlib>
#include <fstream>
#include <optional>
#include <set>

#include "catch.hpp"
#include "policy/policy.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/text.hpp"

using namespace agentbox::image;
using agentbox::support::Error;
namespace fs = std::filesystem;

namespace {

const fs::path k_data = fs::path(AGENTBOX_SOURCE_DIR) / "containerfiles";
const Base k_base{"docker.io/library/debian:bookworm-slim", std::string(64, 'a'), "registry"};
const std::vector<Family> k_families = {Family::apt, Family::dnf, Family::apk, Family::zypper, Family::pacman};

Recipe agent_of(const Recipe& tools,
                const std::map<std::string, AgentVersion>& agents = {{"codex", {"1.0.0", "sha512-x"}}},
                const std::string& entrypoint = "e") {
  return agent_recipe(k_data, tools, std::string(64, 'b'), agents, entrypoint);
}

/// Returns the file below containerfiles/agent that has this content, or nothing.
std::optional<fs::path> source_of(const std::string& content) {
  for (const auto& entry : fs::recursive_directory_iterator(k_data / "agent")) {
    if (entry.is_regular_file() && agentbox::support::read_file(entry.path(), 1U << 20U) == content) {
      return entry.path().lexically_relative(k_data);
    }
  }
  return std::nullopt;
}

/// Returns a recipe as text, to be compared with tests/golden/image/. Installed files are named, not copied.
std::string text_of(const Recipe& recipe) {
  std::string text = "format " + recipe.format + "\n";
  for (const auto& [name, value] : recipe.arguments) {
    text += "argument " + name + "=" + value + "\n";
  }
  for (const auto& [name, value] : recipe.labels) {
    const bool tag = name == "org.agentbox.tools"; // a digest of the installed files
    text += "label " + name + "=" + (tag ? value.substr(0, value.rfind(':') + 1) + "DIGEST" : value) + "\n";
  }
  for (const auto& [name, value] : recipe.files) {
    const auto source = source_of(value);
    text += "==> " + name + (source ? " is " + source->string() + "\n" : "\n" + value);
  }
  return text;
}

void check_golden(const std::string& name, const std::string& text) {
  const fs::path path = fs::path(AGENTBOX_SOURCE_DIR) / "tests/golden/image" / name;
  if (std::getenv("AGENTBOX_UPDATE_GOLDEN") != nullptr) {
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  INFO("AGENTBOX_UPDATE_GOLDEN=1 writes " << path);
  CHECK(agentbox::support::read_file_if_exists(path, 1U << 20U).value_or("") == text);
}

} // namespace

TEST_CASE("the recipe of each family is the golden one") {
  for (const Family family : k_families) {
    check_golden("tools-" + std::string(name_of(family)) + ".txt",
                 text_of(tools_recipe(k_data, k_base, family, {"python"})));
  }
  check_golden("agent.txt", text_of(agent_of(tools_recipe(k_data, k_base, Family::apt, {}))));
}

TEST_CASE("every toolkit has a list for every family, and every list the packages of the base set") {
  for (const Family family : k_families) {
    const std::vector<std::string> base = load_packages(k_data, family, {});
    CHECK(std::set<std::string>(base.begin(), base.end()).count("bash") == 1);
    for (const std::string& toolkit : agentbox::policy::toolkit_names()) {
      const std::vector<std::string> with = load_packages(k_data, family, {toolkit});
      CHECK(with.size() > base.size());
      CHECK(std::equal(base.begin(), base.end(), with.begin()));
      CHECK(std::set<std::string>(with.begin(), with.end()).size() == with.size());
    }
  }
}

TEST_CASE("package lists accept names and comments, and nothing special to a shell") {
  CHECK(parse_packages("# comment\nbash\n\ng++ # trailing\nlibstdc++6:amd64\r\n", "L").size() == 2 + 1);
  for (const char* line : {"a b", "$(id)", "`id`", "a;b", "-o", "a/b", "a\\", "a*", "'a'", "a&b"}) {
    INFO(line);
    CHECK_THROWS_AS(parse_packages(std::string(line) + "\n", "L"), Error);
  }
}

TEST_CASE("the same ingredients give the same tag, and each ingredient changes it") {
  const Recipe tools = tools_recipe(k_data, k_base, Family::apt, {"python"});
  CHECK(tools.tag == tools_recipe(k_data, k_base, Family::apt, {"python"}).tag);
  CHECK(tools.tag.starts_with("localhost/agentbox/tools:"));
  std::set<std::string> tags = {tools.tag};
  tags.insert(tools_recipe(k_data, {k_base.name, std::string(64, 'c'), "registry"}, Family::apt, {"python"}).tag);
  tags.insert(tools_recipe(k_data, k_base, Family::dnf, {"python"}).tag);
  tags.insert(tools_recipe(k_data, k_base, Family::apt, {}).tag);
  tags.insert(tools_recipe(k_data, k_base, Family::apt, {"java"}).tag);
  CHECK(tags.size() == 5);

  const Recipe agent = agent_of(tools);
  CHECK(agent.tag == agent_of(tools).tag);
  std::set<std::string> agents = {agent.tag};
  agents.insert(agent_of(tools, {{"codex", {"1.0.1", "sha512-x"}}}).tag);
  agents.insert(agent_of(tools, {{"codex", {"1.0.0", "sha512-y"}}}).tag);
  agents.insert(agent_of(tools, {{"codex", {"1.0.0", "sha512-x"}}, {"claude", {"2", "sha512-z"}}}).tag);
  agents.insert(agent_of(tools, {{"codex", {"1.0.0", "sha512-x"}}}, "f").tag);
  agents.insert(agent_of(tools_recipe(k_data, k_base, Family::apt, {})).tag);
  CHECK(agents.size() == 6);
}

TEST_CASE("the tools image drops the annotations of the base") { // measured: Buildah copies them to an OCI image only
  const Recipe tools = tools_recipe(k_data, k_base, Family::apt, {});
  CHECK(tools.format == "docker");
  CHECK(agent_of(tools).format == "oci");
}

TEST_CASE("labels name the ingredients") {
  const Recipe agent = agent_of(tools_recipe(k_data, k_base, Family::apt, {"java", "python"}));
  CHECK(agent.labels.at("org.agentbox.base") == k_base.name);
  CHECK(agent.labels.at("org.agentbox.toolkits") == "java,python");
  CHECK(agent.labels.at("org.agentbox.agent.codex") == "1.0.0");
  CHECK(agent.labels.at("org.agentbox.image") == "agent");
}

TEST_CASE("images replace only those of the same base and toolkits, tools and agent separately") {
  const Recipe tools = tools_recipe(k_data, k_base, Family::apt, {"python"});
  const auto slot = [](const Recipe& recipe) { return recipe.labels.at(k_slot_label); };
  const Base other_id{k_base.name, std::string(64, 'c'), "registry"};
  CHECK(slot(tools) == slot(tools_recipe(k_data, other_id, Family::apt, {"python"})));
  CHECK(slot(agent_of(tools)) == slot(agent_of(tools, {{"codex", {"1.0.1", "sha512-y"}}}, "f")));
  const Base other_base{"docker.io/library/debian:trixie-slim", k_base.id, "registry"};
  const std::set<std::string> slots = {slot(tools), slot(agent_of(tools)),
                                       slot(tools_recipe(k_data, other_base, Family::apt, {"python"})),
                                       slot(tools_recipe(k_data, k_base, Family::apt, {}))};
  CHECK(slots.size() == 4);
}
