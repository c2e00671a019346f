// SPDX-License-Identifier: Apache-2.0
#include "image/credentials.hpp"

#include "catch.hpp"

using namespace agentbox::image;

namespace {

// Concatenated, so that scanners of repositories do not report this file.
const std::string k_openai = std::string("sk-") + "proj-0123456789abcdefghijklmn";
const std::string k_anthropic = std::string("sk-") + "ant-api03-0123456789abcdefghij";
const std::string k_github = std::string("ghp") + "_0123456789abcdefghijABCDEFGHIJ012345";
const std::string k_aws = std::string("AKIA") + "0123456789ABCDEF";
const std::string k_private = std::string("-----BEGIN OPENSSH PRIV") + "ATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n";

} // namespace

TEST_CASE("credentials in a text are found") {
  for (const std::string& text :
       {k_openai, k_anthropic, k_github, k_aws, k_private, "key=" + k_openai + "\n", "\"" + k_github + "\"",
        std::string(R"({"private_key": "-----BEGIN PRIV)") + R"(ATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0B"})",
        std::string("https://user:pass") + "word@example.com/x",
        std::string("https://0123456789abcdef") + "0123456789abcdef@example.com/x",
        std::string("extraheader = AUTHORIZATION: basic ") + "eC1hY2Nlc3M6dG9rZW4=",
        "//registry.npmjs.org/" + std::string(":_auth") + "Token=0123456789"}) {
    INFO(text);
    CHECK(credential_in_text(text).has_value());
  }
}

TEST_CASE("harmless texts are accepted") {
  for (const std::string text :
       {"", "task-0123456789abcdefghijklmnop", "sk-short", "https://example.com/a@b:c", "https://user@example.com",
        "git@github.com:owner/repo.git", "-----BEGIN CERTIFICATE-----\nMIIB\n", "-----BEGIN PUBLIC KEY-----", "AKIA",
        "if line == '-----BEGIN RSA PRIVATE KEY-----':\n  pass", "ghp_tooshort", "sk-ssh-ed25519-cert-v01@openssh.com",
        "AKIAIOSFODNN7EXAMPLE", "https://u:${PASSWORD}@example.com", "Authorization: Basic",
        "risk-management-is-a-long-word-here"}) {
    INFO(text);
    CHECK_FALSE(credential_in_text(text).has_value());
  }
}

TEST_CASE("credential files are recognized by name") {
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
