// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>
#include <set>

#include "catch.hpp"
#include "samples.hpp"

namespace policy = agentbox::policy;

namespace {

std::string json_of(policy::PolicyFields fields) {
  const auto result = policy::build_policy(std::move(fields));
  REQUIRE(std::holds_alternative<policy::Policy>(result));
  return policy::to_json(std::get<policy::Policy>(result));
}

} // namespace

TEST_CASE("every field is in the JSON: each change gives a different text") {
  std::set<std::string> texts = {json_of(policy::default_fields())};
  for (const auto& change : agentbox::tests::valid_changes()) {
    INFO(change.name);
    CHECK(texts.insert(json_of(agentbox::tests::changed(change))).second);
  }
}

TEST_CASE("the JSON is canonical") {
  const std::string text = json_of(policy::default_fields());
  CHECK(text == json_of(policy::default_fields()));
  CHECK(text.ends_with("}\n"));
  CHECK(nlohmann::json::parse(text).dump(2) + "\n" == text);
  CHECK(nlohmann::json::parse(text).at("version") == 1);
}

TEST_CASE("values of credentials are not in it") {
  policy::PolicyFields fields = policy::default_fields();
  fields.env = {{"OPENAI_API_KEY", "sk-very-secret"}, {"EDITOR", "vi"}};
  fields.agent.env["GITHUB_TOKEN"] = "ghp-very-secret";
  const std::string text = json_of(fields);
  CHECK(text.find("very-secret") == std::string::npos);
  CHECK(text.find("OPENAI_API_KEY") != std::string::npos);
  CHECK(text.find("\"vi\"") != std::string::npos);
}
