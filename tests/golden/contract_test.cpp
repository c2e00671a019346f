// SPDX-License-Identifier: Apache-2.0
// The default contract is a golden file, and SECURITY.md contains the digest of that file: both must be changed
// together.
#include "golden.hpp"
#include "policy/policy.hpp"
#include "support/digest.hpp"
#include "support/file.hpp"

namespace policy = agentbox::policy;
namespace support = agentbox::support;

TEST_CASE("the default contract is the golden one") {
  const auto result = policy::build_policy(policy::default_fields());
  REQUIRE(std::holds_alternative<policy::Policy>(result));
  agentbox::tests::check_golden("default-contract.json", policy::to_json(std::get<policy::Policy>(result)));
}

// The same comparison as `agentbox policy diff --against default-contract.json`: it names an unintended change before
// anybody updates a golden file or a digest.
TEST_CASE("no default is broader than the golden contract") {
  const std::string contract = support::read_file(agentbox::tests::golden_path("default-contract.json"), 1U << 20U);
  const policy::PolicyFields before = policy::fields_from_json(contract, "default-contract.json");
  for (const policy::Change& change : policy::diff(before, policy::default_fields())) {
    INFO(change.field << ": " << change.text << " (SECURITY.md describes what a looser default needs)");
    CHECK(change.direction != policy::Change::Direction::broader);
  }
}

TEST_CASE("SECURITY.md contains the digest of the default contract") {
  const std::string contract = support::read_file(agentbox::tests::golden_path("default-contract.json"), 1U << 20U);
  const std::string expected = "<!-- contract-digest -->sha256:" + support::sha256_hex(contract);
  const std::string text = support::read_file(std::filesystem::path(AGENTBOX_SOURCE_DIR) / "SECURITY.md", 1U << 20U);
  INFO("SECURITY.md must contain: " << expected);
  CHECK(text.find(expected) != std::string::npos);
  CHECK(text.find("contract-digest") == text.rfind("contract-digest"));
}
