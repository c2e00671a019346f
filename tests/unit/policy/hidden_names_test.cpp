// SPDX-License-Identifier: Apache-2.0
#include "policy/hidden_names.hpp"

#include "catch.hpp"

using namespace agentbox::policy;

TEST_CASE("environment files are hidden, examples of them are not") {
  for (const char* name : {".env", ".env.production", ".env.local", ".ENV", ".Env.Staging", ".env.keys", ".env-prod",
                           ".env_ci", ".env~", ".env.example.local", ".env.production.bak"}) {
    INFO(name);
    CHECK(is_hidden_name(name));
  }
  for (const char* name : {".env.example", ".env.sample", ".env.template", ".env.dist", ".env.EXAMPLE", ".envrc",
                           ".environment", "env", ".en", "", ".env.local.example", "x.env"}) {
    INFO(name);
    CHECK_FALSE(is_hidden_name(name));
  }
}

TEST_CASE("files with a token are distinguished from those that have none, or only the name of a variable") {
  const auto has = [](const char* name, const char* text) { return may_hold_token(name) && holds_token(name, text); };
  CHECK(has(".npmrc", "//registry.npmjs.org/:_authToken=npm_abc\n"));
  CHECK(has(".npmrc", "registry=https://me:secret@npm.example/\n"));
  CHECK(has(".npmrc", "_auth = \"YWJj\""));
  CHECK_FALSE(has(".npmrc", "registry=https://npm.example/\nalways-auth=true\n"));
  CHECK_FALSE(has(".npmrc", "//registry.npmjs.org/:_authToken=${NPM_TOKEN}\n"));
  CHECK_FALSE(has(".npmrc", "# _authToken=npm_abc\n"));
  CHECK(has(".yarnrc.yml", "npmAuthToken: abc\n"));
  CHECK(has(".pypirc", "[pypi]\nusername = __token__\npassword = pypi-x\n"));
  CHECK_FALSE(has(".pypirc", "[distutils]\nindex-servers = pypi\n"));
  CHECK(has(".netrc", "machine a login b\npassword c\n"));
  CHECK(has("_netrc", "machine a login b password c"));
  CHECK_FALSE(has(".netrc", "machine a login b\n"));
  CHECK(has("pip.conf", "[global]\nindex-url = https://u:p@pypi.example/simple\n"));
  CHECK_FALSE(has("pip.conf", "[global]\nindex-url = https://pypi.example/simple\n"));
  CHECK(has("auth.json", R"({"github-oauth": {"github.com": "ghp_x"}})"));
  CHECK_FALSE(has("auth.json", R"({"http-basic": {}})"));
  CHECK(has(".git-credentials", "https://u:p@example.com\n"));
  CHECK(has("id_ed25519", "-----BEGIN OPENSSH PRIVATE KEY-----"));
  CHECK_FALSE(has("id_ed25519", ""));
  CHECK_FALSE(may_hold_token("package.json"));
  CHECK_FALSE(holds_token("package.json", "password: x"));
}

TEST_CASE("what [mask] except shows: a name at every depth, a path with everything below") {
  CHECK(is_shown("a/b/.env.test", {".env.test"}));
  CHECK(is_shown("a/b/.env.test", {"a"}));
  CHECK(is_shown("a/b/.env.test", {"a/b/.env.test"}));
  CHECK_FALSE(is_shown("a/b/.env.test", {"b/.env.test"}));
  CHECK_FALSE(is_shown("a/b/.env", {".env.test"}));
}
