// SPDX-License-Identifier: Apache-2.0
#include "image/npm.hpp"

#include "catch.hpp"
#include "support/error.hpp"

using namespace agentbox::image;
using agentbox::support::Error;

TEST_CASE("the registry is npm's unless the environment names another one") {
  CHECK(registry_address({}) == "https://registry.npmjs.org");
  CHECK(registry_address({{"npm_config_registry", ""}}) == "https://registry.npmjs.org");
  CHECK(registry_address({{"npm_config_registry", "https://npm.example.com/path/"}}) == "https://npm.example.com/path");
  CHECK(registry_address({{"NPM_CONFIG_REGISTRY", "http://127.0.0.1:4873"}}) == "http://127.0.0.1:4873");
  CHECK(registry_address({{"npm_config_registry", "http://localhost:4873/"}}) == "http://localhost:4873");
}

TEST_CASE("a registry without TLS or with a password is refused") {
  for (const char* address :
       {"http://npm.example.com", "http://127.0.0.1.example.com", "http://localhost.example.com", "file:///etc",
        "npm.example.com", "https://u:p@npm.example.com", "https://npm.example.com/ x", "https://npm.example.com/\n",
        "https://npm.example.com/?x", "https://npm.example.com/{a,b}"}) {
    INFO(address);
    CHECK_THROWS_AS(registry_address({{"npm_config_registry", address}}), Error);
  }
}

TEST_CASE("addresses follow npm's convention") {
  CHECK(tarball_address("https://r", {"@openai/codex", "1.2.3-linux-x64", ""}) ==
        "https://r/@openai/codex/-/codex-1.2.3-linux-x64.tgz");
  CHECK(tarball_address("https://r", {"plain", "1.0.0", ""}) == "https://r/plain/-/plain-1.0.0.tgz");
  CHECK(version_address("https://r", "@openai/codex", "latest") == "https://r/@openai/codex/latest");
}

TEST_CASE("a reply is a valid version and integrity, or an error") {
  const std::string integrity = "sha512-" + std::string(86, 'A') + "==";
  const auto answer_with = [&](const std::string& version, const std::string& sum) {
    return R"({"version":")" + version + R"(","dist":{"integrity":")" + sum + "\"}}";
  };
  const PublishedVersion published = parse_published(answer_with("1.2.3", integrity), "A");
  CHECK(published.version == "1.2.3");
  CHECK(published.integrity == integrity);
  for (const char* version : {"../1", "1/2", "-1", "", "1?x", "1 2", "\\u001b[31m", "1..2", "1.2", "latest"}) {
    INFO(version);
    CHECK_THROWS_AS(parse_published(answer_with(version, integrity), "A"), Error);
  }
  CHECK_THROWS_AS(parse_published(answer_with("1.0.0", "sha512-x"), "A"), Error);
  const auto signed_with = [&](const std::string& signatures) {
    return R"({"version":"1.0.0","dist":{"integrity":")" + integrity + R"(","signatures":)" + signatures + "}}";
  };
  CHECK(parse_published(signed_with(R"([{"keyid":"a","sig":"b"}])"), "A").signatures.at(0).key_id == "a");
  CHECK_THROWS_AS(parse_published(signed_with(R"("x")"), "A"), Error);
  CHECK_THROWS_AS(parse_published(signed_with("[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]"), "A"), Error);
  for (const char* answer : {"", "null", "[]", "{}", R"({"version":1,"dist":{"integrity":"x"}})", R"({"version":"1"})",
                             R"({"version":"1.0.0","dist":[]})", R"({"version":"1.0.0","dist":{}})", "<html>"}) {
    INFO(answer);
    CHECK_THROWS_AS(parse_published(answer, "A"), Error);
  }
}
