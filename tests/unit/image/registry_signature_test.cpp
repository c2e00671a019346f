// SPDX-License-Identifier: Apache-2.0
#include "image/registry_signature.hpp"

#include "catch.hpp"
#include "signer.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "temp_directory.hpp"

using namespace agentbox::image;
using agentbox::image_test::Signer;
using agentbox::support::Error;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

const std::string k_now = "2026-11-28T22:00:00.000Z";

/// A package of npm's, with its signature as registry.npmjs.org publishes it.
const PinnedPackage k_pnpm = {
    "pnpm", "11.10.0",
    "sha512-C3+LmAYAMZBMAX46QesYehbUDuuCm5XE+MsDaBdh/Eq1PdIZEVubRH9NzhoFohR2RGHn03AzkqnzL5URzoyGyA=="};
const RegistrySignature k_of_pnpm = {
    "SHA256:DhQ8wR5APBvFHLF/+Tc+AYvPOdTpcIDqOhxsBHRwC7U",
    "MEYCIQC28ef+LZSlyWSRFLk44cwrmdjEMJ7VNytbZfnsN7wSjQIhAPhNkyQC2olHzK5+OfnZVW17tBGT/OXwUD2NwReDg7zi"};

RegistryTrust trust_in(const std::string& keys) {
  return parse_registry_keys("{\"keys\": [" + keys + "]}", "keys");
}

} // namespace

TEST_CASE("a signature of npm's is valid for its package only") {
  setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
  const RegistryTrust npm = load_registry_trust(fs::path(AGENTBOX_SOURCE_DIR));
  unsetenv("XDG_CONFIG_HOME");
  CHECK_FALSE(npm.allow_unsigned);
  CHECK(check_signatures(k_pnpm, {k_of_pnpm}, npm.keys, utc_now()) == SignatureState::valid);
  for (const int field : {0, 1, 2}) {
    PinnedPackage other = k_pnpm;
    (field == 0 ? other.name : field == 1 ? other.version : other.integrity)[8 % (field + 3)] = 'x';
    CHECK(check_signatures(other, {k_of_pnpm}, npm.keys, k_now) == SignatureState::invalid);
  }
}

TEST_CASE("why no signature is valid") {
  Signer known("known");
  Signer expired("expired", "\"2025-01-29T00:00:00.000Z\"");
  Signer foreign("foreign");
  const std::vector<RegistryKey> keys = trust_in(known.key() + "," + expired.key()).keys;
  const std::string text = k_pnpm.name + "@" + k_pnpm.version + ":" + k_pnpm.integrity;
  const auto state = [&](const std::vector<RegistrySignature>& signatures, const std::string& now = k_now) {
    return check_signatures(k_pnpm, signatures, keys, now);
  };
  const RegistrySignature good{"known", known.sign(text)};
  const RegistrySignature old{"expired", expired.sign(text)};
  CHECK(state({good}) == SignatureState::valid);
  CHECK(state({old}, "2025-01-28T23:59:59.000Z") == SignatureState::valid);
  CHECK(state({old}, "2025-01-29T00:00:00.000Z") == SignatureState::expired_key);
  CHECK(state({}) == SignatureState::missing);
  CHECK(state({{"foreign", foreign.sign(text)}}) == SignatureState::unknown_key);
  CHECK(state({{"known", foreign.sign(text)}}) == SignatureState::invalid);
  CHECK(state({{"known", known.sign(text + " ")}}) == SignatureState::invalid);
  CHECK(state({old, good}) == SignatureState::valid); // while a registry changes its key
  CHECK(state({old, {"foreign", "x"}}) == SignatureState::expired_key);
  for (const char* odd : {"", "x", "====", "MAA=", "MAYCAQACAQA=", "MAYCAQECAf8=", "MAQCAAIA", "MAgCAwAAAQIBAQ=="}) {
    INFO(odd);
    CHECK(state({{"known", odd}}) == SignatureState::invalid);
  }
  CHECK(state({{"known", good.text + "AAAA"}}) == SignatureState::invalid);
}

TEST_CASE("keys are read strictly, and those of other types are left out") {
  const std::string good = Signer("a").key();
  CHECK(trust_in(good).keys.size() == 1);
  CHECK(trust_in("").keys.empty());
  CHECK(trust_in(R"({"keyid":"b","keytype":"ed25519","scheme":"ed25519","key":"x"})").keys.empty());
  CHECK(parse_registry_keys(R"({"keys":[],"allow_unsigned":true})", "w").allow_unsigned);
  for (const char* text : {"", "[]", "{}", R"({"keys":{}})", R"({"keys":[1]})", R"({"keys":[{}]})",
                           R"({"keys":[],"allow_unsigned":"yes"})"}) {
    INFO(text);
    CHECK_THROWS_WITH(parse_registry_keys(text, "the file"), Contains("the file: "));
  }
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    return text.replace(text.find(from), from.size(), to);
  };
  CHECK_THROWS_WITH(trust_in(with("null", "\"soon\"")), Contains("malformed"));
  CHECK_THROWS_WITH(trust_in(with("null", "5")), Contains("malformed"));
  CHECK_THROWS_WITH(trust_in(with("MFkw", "MFkx")), Contains("malformed"));
  CHECK_THROWS_WITH(trust_in(with(good.substr(good.size() - 10, 4), "AAAA")), Contains("not a point on P-256"));
}

TEST_CASE("the user adds keys to npm's") {
  const agentbox::tests::TempDirectory directory;
  setenv("XDG_CONFIG_HOME", directory.path().c_str(), 1);
  fs::create_directories(directory / "agentbox");
  directory.write("agentbox/npm-keys.json", R"({"keys": [)" + Signer("ours").key() + R"(], "allow_unsigned": true})");
  const RegistryTrust trust = load_registry_trust(fs::path(AGENTBOX_SOURCE_DIR));
  unsetenv("XDG_CONFIG_HOME");
  CHECK(trust.allow_unsigned);
  REQUIRE(trust.keys.size() == 3);
  CHECK(trust.keys[0].id == k_of_pnpm.key_id);
  CHECK(trust.keys[2].id == "ours");
}
