// SPDX-License-Identifier: Apache-2.0
#include "image/update.hpp"

#include <optional>

#include "catch.hpp"
#include "image/npm.hpp"
#include "registry.hpp"
#include "signer.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "temp_directory.hpp"

using namespace agentbox::image;
using agentbox::image_test::ok;
using agentbox::image_test::Registry;
using agentbox::image_test::Signer;
using agentbox::support::Error;
using agentbox::support::ExitCode;
using agentbox::tests::TempDirectory;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

AgentsLock lock(const std::string& version) {
  AgentsLock made;
  made.agents["codex"] = {
      version, {{"linux-x64", {"@openai/codex", version + "-linux-x64", "sha512-" + std::string(86, 'A') + "=="}}}};
  return made;
}

const std::string k_integrity = "sha512-" + std::string(86, 'A') + "==";
constexpr const char* k_one = "/@openai/codex/2.0.0-linux-x64"; ///< the package about which a registry lies

/// A registry's entry for a package.
struct Entry {
  std::string version;
  std::string integrity = k_integrity;
  std::string signatures; ///< of "dist", with the comma before it
};

std::string signature(const std::string& id, const std::string& text) {
  return R"(,"signatures":[{"keyid":")" + id + R"(","sig":")" + text + "\"}]";
}

/// Returns a registry of version 2.0.0 of every package, signed with `signer`, that replies `lie` about k_one.
Registry::Answer signed_by(Signer& signer, const std::optional<Entry>& lie = std::nullopt) {
  return [&signer, lie](const std::string& path) {
    const std::string name = path.substr(1, path.rfind('/') - 1);
    const std::string asked = path.substr(path.rfind('/') + 1);
    Entry entry{asked == "latest" ? "2.0.0" : asked, k_integrity, ""};
    entry.signatures = signature(signer.id(), signer.sign(name + "@" + entry.version + ":" + k_integrity));
    if (lie && path == k_one) {
      entry = *lie;
    }
    return ok(R"({"version":")" + entry.version + R"(","dist":{"integrity":")" + entry.integrity + "\"" +
              entry.signatures + "}}");
  };
}

/// Returns what newest_versions() throws; "signed" or "unsigned" when it does not.
std::string result_of(const Registry::Answer& answer, const RegistryTrust& trust) {
  const Registry registry(answer);
  try {
    const NewestVersions newest = newest_versions(registry.address(), Fetcher({}, std::nullopt, [] {}), trust);
    CHECK(newest.lock.agents.at("codex").packages.at("linux-x64").version == "2.0.0-linux-x64");
    CHECK(newest.lock.agents.at("claude").packages.size() == 4);
    return newest.is_signed ? "signed" : "unsigned";
  } catch (const Error& error) {
    CHECK(std::string(error.what() + error.hint()).find('\x1b') == std::string::npos);
    return error.what();
  }
}

RegistryTrust trust_in(const Signer& signer, bool allow_unsigned = false) {
  RegistryTrust trust = parse_registry_keys("{\"keys\": [" + signer.key() + "]}", "keys");
  trust.allow_unsigned = allow_unsigned;
  return trust;
}

} // namespace

TEST_CASE("versions that a known key signed are accepted") {
  Signer signer("ours");
  CHECK(result_of(signed_by(signer), trust_in(signer)) == "signed");
  CHECK(result_of(signed_by(signer), trust_in(signer, true)) == "signed");
}

TEST_CASE("a package without a signature is refused unless the user allows it") {
  Signer signer("ours");
  const Entry lie{"2.0.0-linux-x64", k_integrity, GENERATE("", R"(,"signatures":[])")};
  CHECK_THAT(result_of(signed_by(signer, lie), trust_in(signer)),
             Contains("@openai/codex 2.0.0-linux-x64") && Contains("has no signature"));
  CHECK(result_of(signed_by(signer, lie), trust_in(signer, true)) == "unsigned");
}

TEST_CASE("a registry that forges replies is refused, whatever the user allows") {
  Signer signer("ours");
  Signer foreign("theirs");
  const bool allow_unsigned = GENERATE(false, true);
  const std::string other = "sha512-" + std::string(86, 'B') + "==";
  const std::string text = "@openai/codex@2.0.0-linux-x64:" + k_integrity;
  const auto result = [&](const Entry& lie) {
    return result_of(signed_by(signer, lie), trust_in(signer, allow_unsigned));
  };
  CHECK_THAT(result({"2.0.0-linux-x64", other, signature("ours", signer.sign(text))}), Contains("invalid signature"));
  CHECK_THAT(result({"2.0.0-linux-x64", k_integrity, signature("ours", foreign.sign(text))}),
             Contains("invalid signature"));
  CHECK_THAT(result({"2.0.0-linux-x64", k_integrity, signature("theirs", foreign.sign(text))}),
             Contains("keys that agentbox does not know"));
  CHECK_THAT(result({"1.0.0-linux-x64", k_integrity,
                     signature("ours", signer.sign("@openai/codex@1.0.0-linux-x64:" + k_integrity))}),
             Contains("sent version 1.0.0-linux-x64")); // an old version, with its own signature
  Signer expired("old", "\"2025-01-29T00:00:00.000Z\"");
  CHECK_THAT(result_of(signed_by(expired), trust_in(expired, allow_unsigned)), Contains("a key that has expired"));
}

TEST_CASE("a version from a registry that could harm a terminal, an argument or a URL is refused") {
  Signer signer("ours");
  for (const char* version : {"2.0.0\\u001b[31m", "2.0.0-{a,b}", "2.0.0-[1-9]", "../../evil", "2.0.0/../1.0.0",
                              "2.0.0-..", "--version", "2.0.0 --version", "2.0.0\\n", "2.0.0%2f", "2.0.0#x",
                              "2.0.0-\xc3\xa4", "latest", "2", "2.0", "2.0.0x", ".0.0.0"}) {
    INFO(version);
    CHECK_THAT(result_of(signed_by(signer, Entry{version, k_integrity, ""}), trust_in(signer, true)),
               Contains("sent an invalid reply"));
  }
}

TEST_CASE("all agents are updated; Node keeps its version; a mirror need not have the agents of other images") {
  Signer signer("ours");
  const Registry::Answer all = signed_by(signer);
  const Registry registry([&all](const std::string& path) {
    return path.starts_with("/@github/") ? "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                                         : all(path);
  });
  const Fetcher fetcher({}, std::nullopt, [] {});
  const NewestVersions newest = newest_versions(registry.address(), fetcher, trust_in(signer));
  for (const char* name : {"claude", "codex", "gemini", "opencode", "qwen"}) {
    CHECK(newest.lock.agents.at(name).version == "2.0.0");
  }
  CHECK(newest.lock.agents.at("node").version.starts_with("24."));
  CHECK_FALSE(newest.lock.agents.contains("copilot"));
  CHECK(newest.missing.contains("copilot"));
  CHECK_THROWS_AS(newest_versions(registry.address(), fetcher, trust_in(signer), {{"copilot", ""}}), Error);
}

namespace {

/// Returns the error of pinning `package` for agent "mine", or the pinned version and program, when the registry
/// publishes `members` ("bin", "dependencies") besides version 1.0.0 and its signature.
std::string pinned(const std::string& package, const std::string& members, bool is_signed = true) {
  Signer signer("ours");
  const std::string sent = signature("ours", signer.sign("mine@1.0.0:" + k_integrity));
  const Registry registry([&](const std::string& path) {
    const bool exists = path == "/mine/1.0.0" || path == "/mine/latest";
    return exists ? ok(R"({"version":"1.0.0",)" + members + R"("dist":{"integrity":")" + k_integrity + "\"" +
                       (is_signed ? sent : "") + "}}")
                  : std::string("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  });
  try {
    const PinnedAgent agent =
        pin_package("mine", package, registry.address(), Fetcher({}, std::nullopt, [] {}), trust_in(signer));
    CHECK(agent.packages.at("any") == PinnedPackage{"mine", "1.0.0", k_integrity});
    return agent.version + " " + agent.program;
  } catch (const Error& error) {
    return error.what();
  }
}

} // namespace

TEST_CASE("a package of the configuration is pinned with its program") {
  CHECK(pinned("mine@1.0.0", R"("bin":"./cli.js",)") == "1.0.0 cli.js");
  CHECK(pinned("mine@latest", R"("bin":{"mine":"bin/mine.js","other":"x.js"},)") == "1.0.0 bin/mine.js");
  CHECK(pinned("mine@1.0.0", R"("bin":{"another-name":"cli.js"},"scripts":{"postinstall":"evil"},)") == "1.0.0 cli.js");
  CHECK(pinned("mine@1.0.0", R"("bin":"c.js","dependencies":{"a":"1"},"bundleDependencies":["a"],)") == "1.0.0 c.js");
}

TEST_CASE("a package of the configuration that cannot be pinned completely, or is not one, is refused") {
  for (const char* package : {"mine", "mine@", "@1.0.0", "mine@^1.0.0", "mine@1", "../mine@1.0.0", "mine@../../x",
                              "mine@https://evil.example/x.tgz", "@a@1.0.0", "mine@1.0.0 --x"}) {
    INFO(package);
    CHECK_THAT(pinned(package, R"("bin":"c.js",)"), Contains("is not a package of npm's registry with a version"));
  }
  CHECK_THAT(pinned("mine@2.0.0", R"("bin":"c.js",)"), Contains("/mine/2.0.0") && Contains("404"));
  CHECK_THAT(pinned("mine@1.0.0", R"("bin":"c.js",)", false), Contains("has no signature"));
  CHECK_THAT(pinned("mine@1.0.0", R"("bin":"c.js","dependencies":{"a":"1","b":"2"},)"), Contains("2 other packages"));
  CHECK_THAT(pinned("mine@1.0.0", ""), Contains("has no program mine"));
  CHECK_THAT(pinned("mine@1.0.0", R"("bin":{"a":"a.js","b":"b.js"},)"), Contains("has no program mine"));
  CHECK_THAT(pinned("mine@1.0.0", R"("bin":{"mine":"../../../bin/sh"},)"), Contains("has no program mine"));
}

TEST_CASE("versions are compared agent by agent") {
  const auto changes = compare(lock("1.0.0"), lock("1.1.0"));
  REQUIRE(changes.size() == 1);
  CHECK(changes[0].agent == "codex");
  CHECK(changes[0].pinned == "1.0.0");
  CHECK(changes[0].newest == "1.1.0");
  CHECK(compare({}, lock("1.1.0"))[0].pinned.empty());
}

TEST_CASE("a written lock file overrides the installed one, which adds missing agents") {
  const TempDirectory directory;
  const fs::path share = directory.path() / "share";
  const fs::path shipped = share / "containerfiles/agent/agents.lock.json";
  fs::create_directories(shipped.parent_path());
  AgentsLock both = lock("1.0.0");
  both.agents["claude"] = both.agents["codex"];
  agentbox::support::write_file(shipped, to_json(both));
  setenv("XDG_STATE_HOME", directory.path().c_str(), 1);
  CHECK(lock_path(share) == shipped);
  CHECK(load_lock(share).agents.at("codex").version == "1.0.0");
  write_lock(lock("1.1.0"));
  CHECK(lock_path(share) == directory.path() / "agentbox/agents.lock.json");
  CHECK(load_lock(share).agents.at("codex").version == "1.1.0");
  CHECK(load_lock(share).agents.at("claude").version == "1.0.0");
  unsetenv("XDG_STATE_HOME");
}
