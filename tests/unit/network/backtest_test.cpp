// SPDX-License-Identifier: Apache-2.0
#include "network/backtest.hpp"

#include "catch.hpp"
#include "policy/allow_entry.hpp"
#include "records.hpp"

using namespace agentbox;
using namespace agentbox::network;
using firewall::audit::Kind;
using test::record;
using Outcome = BacktestResult::Outcome;

namespace {

policy::EgressIndex index_of(std::vector<std::string> allow, std::vector<std::string> block = {}) {
  policy::EgressPolicy policy;
  for (const auto& text : allow) {
    policy.allow.push_back(std::get<policy::HostEntry>(policy::parse_host_entry(text)));
  }
  for (const auto& text : block) {
    policy.block.push_back(std::get<policy::HostPattern>(policy::parse_block_pattern(text)));
  }
  return policy::EgressIndex(std::move(policy));
}

const std::vector<firewall::audit::AuditRecord> k_history = {
    record(Kind::connect, "api.openai.com", 443, "allowed"),
    record(Kind::connect, "api.openai.com", 443, "allowed"),
    record(Kind::connect, "old.example", 443, "allowed"),
    record(Kind::dns, "pypi.org", 0, "not-listed"),
    record(Kind::connect, "github.com", 22, "port-not-listed"),
    record(Kind::connect, "a.example", 443, "sni-mismatch"),
    record(Kind::gate, "", 0, "gate"),
};

} // namespace

TEST_CASE("hosts that break come first, then those that pass now") {
  const auto tested = backtest(k_history, index_of({"api.openai.com", "pypi.org", "a.example"}), 0);
  REQUIRE(tested.size() == 5);
  CHECK(tested[0].outcome == Outcome::breaks);
  CHECK(tested[0].host == "old.example");
  CHECK(tested[0].why == "not listed");
  CHECK(tested[1].outcome == Outcome::passes_now);
  CHECK(tested[1].host == "pypi.org");
  CHECK(tested[1].why == "pypi.org");
  CHECK(tested[2].outcome == Outcome::still_passes);
  CHECK(tested[2].count == 2);
  CHECK(tested[3].outcome == Outcome::still_denied);
}

TEST_CASE("denials for reasons other than the list stay denials") {
  const auto tested = backtest({record(Kind::connect, "a.example", 443, "sni-mismatch")}, index_of({"a.example"}), 0);
  REQUIRE(tested.size() == 1);
  CHECK(tested[0].outcome == Outcome::still_denied);
}

TEST_CASE("a block of the new list breaks what it covers, whatever it allows") {
  const auto tested = backtest({record(Kind::connect, "a.example.com", 443, "allowed")},
                               index_of({"*.example.com"}, {"a.example.com"}), 0);
  REQUIRE(tested.size() == 1);
  CHECK(tested[0].outcome == Outcome::breaks);
  CHECK(tested[0].why == "blocked by a.example.com");
}

TEST_CASE("only the last N count") {
  const auto tested = backtest(k_history, index_of({}), 3);
  for (const BacktestResult& one : tested) {
    CHECK(one.outcome == Outcome::still_denied);
  }
  CHECK(tested.size() == 3);
  CHECK(backtest(k_history, index_of({}), 4).size() == 4);
  CHECK(backtest(k_history, index_of({}), 1000).front().outcome == Outcome::breaks);
}

TEST_CASE("connections without a name are judged by address") {
  policy::EgressPolicy policy;
  policy.allow_addresses.push_back(std::get<policy::AddressEntry>(policy::parse_address_entry("10.0.0.5:5432")));
  const policy::EgressIndex index(std::move(policy));
  auto reached = record(Kind::connect, "", 5432, "allowed");
  reached.address = "10.0.0.5";
  auto refused = record(Kind::address, "", 5432, "address-not-listed");
  refused.address = "10.0.0.5";
  const auto tested = backtest({reached, refused}, index, 0);
  REQUIRE(tested.size() == 2);
  CHECK(tested[0].outcome == Outcome::passes_now);
  CHECK(tested[1].outcome == Outcome::still_passes);
  CHECK(backtest({reached}, index_of({}), 0).front().outcome == Outcome::breaks);
}
