// SPDX-License-Identifier: Apache-2.0
#include "firewall/ruleset/nft_json.hpp"

#include <set>
#include <string>
#include <utility>

#include "catch.hpp"
#include "firewall/ruleset/driver.hpp"
#include "golden/golden.hpp"
#include "support/error.hpp"

namespace agentbox::firewall::ruleset {
namespace {

/// What the kernel would list for `ruleset`, by the add commands.
nlohmann::json listing(const Ruleset& ruleset) {
  nlohmann::json list = nlohmann::json::array({{{"metainfo", {{"version", "1"}}}}});
  int handle = 0;
  const nlohmann::ordered_json document = to_nft_json(ruleset);
  for (const auto& command : document.at("nftables")) {
    nlohmann::json object = nlohmann::json::parse(command.value("add", nlohmann::ordered_json::object()).dump());
    if (object.contains("chain") || object.contains("rule")) {
      object.begin()->operator[]("handle") = ++handle;
      list.push_back(object);
    }
  }
  return {{"nftables", list}};
}

TEST_CASE("the ruleset is what the golden file says", "[ruleset]") {
  const auto driver = make_driver(policy::FirewallDriver::nftables);
  tests::check_golden("firewall/ruleset.nft.json", driver->render(build({}, {})));
  tests::check_golden("firewall/ruleset-published.nft.json", driver->render(build({0x0A400000U, 16}, {80, 3000})));
}

TEST_CASE("the rules do not depend on the list of hosts, and have names of their own", "[ruleset]") {
  std::set<std::string> names;
  std::size_t rules = 0;
  for (const Chain& chain : build({}, {80}).chains) {
    for (const Rule& rule : chain.rules) {
      names.insert(rule.name);
      ++rules;
    }
    if (chain.kind == Chain::Kind::filter) {
      CHECK(chain.drop_by_default);
    }
  }
  CHECK(names.size() == rules);
}

TEST_CASE("a ruleset that arrived is recognised", "[ruleset]") {
  const Ruleset ruleset = build({}, {80});
  CHECK_THAT(difference(ruleset, listing(ruleset)), Catch::Matchers::Equals(""));
}

TEST_CASE("a ruleset that did not arrive whole is recognised", "[ruleset]") {
  const Ruleset ruleset = build({}, {80});
  const auto whole = listing(ruleset);
  REQUIRE(whole["nftables"].size() > 15);
  for (std::size_t i = 1; i < whole["nftables"].size(); ++i) { // one thing missing
    auto listed = whole;
    listed["nftables"].erase(i);
    INFO(whole["nftables"][i].dump());
    CHECK_FALSE(difference(ruleset, listed).empty());
  }
  for (std::size_t i = 1; i < whole["nftables"].size(); ++i) { // one thing twice
    auto listed = whole;
    listed["nftables"].push_back(listed["nftables"][i]);
    CHECK_FALSE(difference(ruleset, listed).empty());
  }
  auto open = whole;
  for (auto& item : open["nftables"]) {
    if (item.contains("chain")) {
      item["chain"]["policy"] = "accept";
    }
  }
  CHECK_FALSE(difference(ruleset, open).empty());
  auto other_verdict = whole;
  for (auto& item : other_verdict["nftables"]) {
    if (item.contains("rule") && item["rule"]["comment"] == "output-reject") {
      item["rule"]["expr"] = nlohmann::json::array({{{"accept", nullptr}}});
    }
  }
  CHECK_FALSE(difference(ruleset, other_verdict).empty());
  auto swapped = whole; // a chain whose first match is no longer the first
  for (auto& item : swapped["nftables"]) {
    if (item.contains("rule") && item["rule"]["comment"] == "output-reject-tcp") {
      item["rule"]["comment"] = "output-reject";
    } else if (item.contains("rule") && item["rule"]["comment"] == "output-reject") {
      item["rule"]["comment"] = "output-reject-tcp";
    }
  }
  CHECK_FALSE(difference(ruleset, swapped).empty());
  CHECK_FALSE(difference(ruleset, {{"nftables", nlohmann::json::array()}}).empty());
}

TEST_CASE("a driver that is not there is an error", "[ruleset]") {
  CHECK_THROWS_AS(make_driver(policy::FirewallDriver::iptables), support::Error);
}

} // namespace
} // namespace agentbox::firewall::ruleset
