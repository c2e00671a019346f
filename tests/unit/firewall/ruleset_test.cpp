// SPDX-License-Identifier: Apache-2.0
#include "firewall/ruleset/nft_json.hpp"

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>

#include "catch.hpp"
#include "firewall/ruleset/driver.hpp"
#include "firewall/ruleset/iptables_text.hpp"
#include "golden/golden.hpp"

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
  const auto driver = make_driver(policy::FirewallDriver::nftables, "/tmp");
  tests::check_golden("firewall/ruleset.nft.json", driver->render(build({})));
  tests::check_golden("firewall/ruleset-published.nft.json",
                      driver->render(build({{0x0A400000U, 16}, {80, 3000}, {}, {}, {}})));
}

TEST_CASE("the rules do not depend on the list of hosts, and have names of their own", "[ruleset]") {
  std::set<std::string> names;
  std::size_t rules = 0;
  for (const Chain& chain : build({{}, {80}, {}, {}, {}}).chains) {
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
  const Ruleset ruleset = build({{}, {80}, {}, {}, {}});
  CHECK_THAT(difference(ruleset, listing(ruleset)), Catch::Matchers::Equals(""));
}

TEST_CASE("a ruleset that did not arrive whole is recognised", "[ruleset]") {
  const Ruleset ruleset = build({{}, {80}, {}, {}, {}});
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

/// A box with everything that rules can come from.
Inputs rich() {
  Inputs inputs;
  inputs.published = {80, 3000};
  inputs.addresses = {{*policy::parse_address("10.0.0.5"), 128, 5432}, {*policy::parse_address("fd00::"), 64, 80}};
  inputs.host_ports = {11434};
  inputs.host_gateway = policy::parse_address("10.0.2.2");
  inputs.host_gateways6 = {policy::parse_address("2001:db8::1").value()};
  return inputs;
}

TEST_CASE("addresses and ports of the host are rules", "[ruleset]") {
  const auto nft = make_driver(policy::FirewallDriver::nftables, "/tmp");
  tests::check_golden("firewall/ruleset-services.nft.json", nft->render(build(rich())));
  const Ruleset ruleset = build(rich());
  CHECK_THAT(difference(ruleset, listing(ruleset)), Catch::Matchers::Equals(""));
}

TEST_CASE("iptables gets the same rules", "[ruleset]") {
  const auto driver = make_driver(policy::FirewallDriver::iptables, "/tmp");
  tests::check_golden("firewall/ruleset.iptables", driver->render(build({})));
  tests::check_golden("firewall/ruleset-services.iptables", driver->render(build(rich())));
}

TEST_CASE("more ports than one match takes are several rules", "[ruleset]") {
  Inputs inputs;
  for (std::uint16_t port = 1; port <= 31; ++port) {
    inputs.published.push_back(port);
  }
  const std::string text = to_iptables(build(inputs), Family::four);
  std::size_t count = 0;
  for (auto at = text.find("input-published"); at != std::string::npos; at = text.find("input-published", at + 1)) {
    ++count;
  }
  CHECK(count == 3);
}

TEST_CASE("what iptables-save lists is compared by what decides", "[ruleset]") {
  const std::string meant = to_iptables(build(rich()), Family::four);
  const std::string unused = "*raw\n:PREROUTING ACCEPT [1:2]\nCOMMIT\n";
  CHECK_THAT(iptables_difference(meant, "# comment\n" + unused + meant), Catch::Matchers::Equals(""));
  for (const auto& [from, to] : {std::pair<std::string, std::string>{":OUTPUT DROP", ":OUTPUT ACCEPT"},
                                 {"output-reject -j REJECT", "output-reject -j ACCEPT"},
                                 {"--comment output-log ", "--comment other "}}) {
    std::string listed = meant;
    REQUIRE(listed.find(from) != std::string::npos);
    listed.replace(listed.find(from), from.size(), to);
    CHECK_FALSE(iptables_difference(meant, listed).empty());
  }
  CHECK_FALSE(iptables_difference(meant, "").empty());
  CHECK_FALSE(iptables_difference(meant, meant + "*filter\n-A OUTPUT -j ACCEPT\nCOMMIT\n").empty());
}

} // namespace
} // namespace agentbox::firewall::ruleset
