// SPDX-License-Identifier: Apache-2.0
#include "image/credentials.hpp"

#include "catch.hpp"
#include "folder.hpp"
#include "support/error.hpp"
#include "support/file.hpp"

using namespace agentbox::image;
using agentbox::image_test::Folder;
using agentbox::support::Error;
using Catch::Matchers::Contains;

namespace {

// Put together here, so that the file holds nothing that a scanner of repositories would take for real.
const std::string k_openai = std::string("sk-") + "proj-0123456789abcdefghijklmn";
const std::string k_anthropic = std::string("sk-") + "ant-api03-0123456789abcdefghij";
const std::string k_github = std::string("ghp") + "_0123456789abcdefghijABCDEFGHIJ012345";
const std::string k_aws = std::string("AKIA") + "0123456789ABCDEF";
const std::string k_private = std::string("-----BEGIN OPENSSH PRIV") + "ATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n";

} // namespace

TEST_CASE("texts that hold credentials are found") {
  for (const std::string& text : {k_openai, k_anthropic, k_github, k_aws, k_private, "key=" + k_openai + "\n",
                                  "\"" + k_github + "\"", std::string("https://user:pass") + "word@example.com/x",
                                  "//registry.npmjs.org/" + std::string(":_auth") + "Token=0123456789"}) {
    INFO(text);
    CHECK(credential_in_text(text).has_value());
  }
}

TEST_CASE("harmless texts are not") {
  for (const std::string text :
       {"", "task-0123456789abcdefghijklmnop", "sk-short", "https://example.com/a@b:c", "https://user@example.com",
        "git@github.com:owner/repo.git", "-----BEGIN CERTIFICATE-----\nMIIB\n", "-----BEGIN PUBLIC KEY-----", "AKIA",
        "ghp_tooshort", "risk-management-is-a-long-word-here"}) {
    INFO(text);
    CHECK_FALSE(credential_in_text(text).has_value());
  }
}

TEST_CASE("names of variables that hold credentials") {
  for (const char* name :
       {"OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "npm_token", "DB_PASSWORD",
        "TOKEN", "CLIENT_SECRET", "GH_PAT", "SSH_PRIVATE_KEY", "CLAUDE_CODE_OAUTH_TOKEN"}) {
    INFO(name);
    CHECK(is_credential_name(name));
  }
  for (const char* name : {"BASE", "TOOLS", "PATH", "SSH_PUBLIC_KEY", "KEYBOARD", "TOKENIZERS_PARALLELISM", "MONKEY",
                           "LANG", "org.agentbox.base"}) {
    INFO(name);
    CHECK_FALSE(is_credential_name(name));
  }
}

TEST_CASE("names of files that are credentials") {
  for (const char* path : {"root/.ssh/id_ed25519", ".netrc", "home/x/.npmrc", ".env", ".env.local", ".aws/credentials",
                           "a/server.key", "x.p12", ".docker/config.json", ".codex/auth.json",
                           ".claude/.credentials.json", "etc/ssh/ssh_host_ed25519_key"}) {
    INFO(path);
    CHECK(is_credential_file(path));
  }
  for (const char* path : {"setup/setup.sh", "id_ed25519.pub", "etc/ssh/ssh_host_ed25519_key.pub", "config.json",
                           "keys.txt", ".envrc.sample", "ca.pem"}) {
    INFO(path);
    CHECK_FALSE(is_credential_file(path));
  }
}

TEST_CASE("a build argument that looks like a credential is refused, and its value not shown") {
  CHECK_NOTHROW(refuse_credentials("the build argument", {{"BASE", "0123"}}));
  CHECK_THROWS_AS(refuse_credentials("the build argument", {{"NPM_TOKEN", "x"}}), Error);
  try {
    refuse_credentials("the label", {{"note", k_openai}});
    FAIL("it was not refused");
  } catch (const Error& error) {
    CHECK(error.code() == agentbox::support::ExitCode::refused);
    CHECK_THAT(error.what(), Contains("the label note") && !Contains(k_openai));
  }
}

TEST_CASE("a file in the context that looks like a credential is refused") {
  const Folder folder;
  std::filesystem::create_directory(folder.path() / "setup");
  agentbox::support::write_file(folder.path() / "setup/packages.txt", "bash\n");
  CHECK_NOTHROW(refuse_credentials_in_folder(folder.path()));
  SECTION("by its name") {
    agentbox::support::write_file(folder.path() / "setup/.netrc", "");
    CHECK_THROWS_WITH(refuse_credentials_in_folder(folder.path()), Contains("setup/.netrc"));
  }
  SECTION("by its content") {
    agentbox::support::write_file(folder.path() / "notes", k_private);
    CHECK_THROWS_WITH(refuse_credentials_in_folder(folder.path()), Contains("notes") && Contains("a private key"));
  }
}
