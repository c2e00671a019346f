// SPDX-License-Identifier: Apache-2.0
#include "firewall/ruleset/nft_json.hpp"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "firewall/ruleset/driver.hpp"
#include "firewall/ruleset/iptables_text.hpp"
#include "golden/golden.hpp"

namespace agentbox::firewall::ruleset {
namespace {

using nlohmann::json;

/// Returns the listing of libnftables after loading `ruleset`: with handles, and counters that have counted.
json listing(const Ruleset& ruleset) {
  json list = json::array({{{"metainfo", {{"version", "1"}}}}});
  int handle = 0;
  const nlohmann::ordered_json document = to_nft_json(ruleset);
  for (std::size_t i = 2; i < document.at("nftables").size(); ++i) { // after add and delete of a former table
    json object = json::parse(document.at("nftables").at(i).at("add").dump());
    object.front()["handle"] = ++handle;
    if (object.contains("rule")) {
      for (json& statement : object["rule"]["expr"]) {
        if (statement.contains("counter")) {
          statement["counter"] = {{"packets", 7}, {"bytes", 420}};
        }
      }
    }
    list.push_back(object);
  }
  return {{"nftables", list}};
}

/// Returns a box with everything that rules can come from.
Inputs rich() {
  Inputs inputs;
  inputs.published = {80, 3000};
  inputs.addresses = {{*policy::parse_address("10.0.0.5"), 128, 5432}, {*policy::parse_address("fd00::"), 64, 80}};
  inputs.host_ports = {11434};
  inputs.host_gateway = policy::parse_address("10.0.2.2");
  inputs.host_gateways6 = {policy::parse_address("2001:db8::1").value()};
  return inputs;
}

bool may_vary(const std::string& path) {
  return path.find("/metainfo/") != std::string::npos || path.ends_with("/handle") ||
         path.find("/counter/") != std::string::npos;
}

json other_value(const json& value) {
  if (value.is_number()) {
    return value.get<std::int64_t>() + 1;
  }
  return value.is_string() ? json(value.get<std::string>() + "x") : json("x");
}

TEST_CASE("the ruleset equals the golden file", "[ruleset]") {
  const auto driver = make_driver(policy::FirewallDriver::nftables, "/tmp");
  tests::check_golden("firewall/ruleset.nft.json", driver->render(build({})));
  tests::check_golden("firewall/ruleset-published.nft.json",
                      driver->render(build({{0x0A400000U, 16}, {80, 3000}, {}, {}, {}})));
}

TEST_CASE("the rules do not depend on the list of hosts, and have unique names", "[ruleset]") {
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

TEST_CASE("the kernel's listing of the ruleset equals it", "[ruleset]") {
  for (const Inputs& inputs : {Inputs{}, rich()}) {
    CHECK_THAT(difference(comparable_lines(build(inputs)), listing(build(inputs))), Catch::Matchers::Equals(""));
  }
}

TEST_CASE("a flag listed without its array is the same", "[ruleset]") {
  json listed = listing(build({}));
  std::string text = listed.dump();
  const std::string flags = R"("flags":["daddr"])";
  REQUIRE(text.find(flags) != std::string::npos);
  text.replace(text.find(flags), flags.size(), R"("flags":"daddr")");
  CHECK_THAT(difference(comparable_lines(build({})), json::parse(text)), Catch::Matchers::Equals(""));
}

TEST_CASE("a listing with one value changed is refused", "[ruleset]") {
  const auto loaded = comparable_lines(build(rich()));
  json listed = listing(build(rich()));
  std::size_t refused = 0;
  const json leaves = listed.flatten();
  for (const auto& [path, value] : leaves.items()) {
    json& changed = listed[json::json_pointer(path)];
    changed = other_value(value);
    INFO(path << ": " << value);
    REQUIRE(difference(loaded, listed).empty() == may_vary(path));
    changed = value;
    refused += may_vary(path) ? 0 : 1;
  }
  CHECK(refused > 500);
}

/// Collects every array and object below `value`, by path.
void collect(const json& value, const std::string& path, std::vector<std::string>& paths) {
  if (value.is_structured() && !path.ends_with("/metainfo") && !path.ends_with("/counter")) {
    paths.push_back(path);
    for (const auto& [key, child] : value.items()) {
      collect(child, path + "/" + key, paths);
    }
  }
}

TEST_CASE("a listing with something missing, added, repeated or in another order is refused", "[ruleset]") {
  const auto loaded = comparable_lines(build(rich()));
  json listed = listing(build(rich()));
  std::vector<std::string> paths;
  collect(listed.at("nftables"), "/nftables", paths);
  const auto refuse = [&](const std::string& path, const char* what, const auto& change) {
    json& changed = listed[json::json_pointer(path)];
    const json before = changed;
    change(changed);
    INFO(what << " in " << path);
    REQUIRE_FALSE(difference(loaded, listed).empty());
    changed = before;
  };
  for (const std::string& path : paths) {
    const json here = listed[json::json_pointer(path)];
    if (here.is_object()) {
      if (!here.contains("metainfo")) {
        refuse(path, "a key more", [](json& at) { at["flags"] = {"dormant"}; });
      }
      for (const auto& [key, value] : here.items()) {
        if (key != "handle" && key != "metainfo") {
          refuse(path, "a key less", [name = key](json& at) { at.erase(name); });
        }
      }
      continue;
    }
    for (std::size_t i = path == "/nftables" ? 1 : 0; i < here.size(); ++i) { // after metainfo
      refuse(path, "an element less", [&](json& at) { at.erase(i); });
      refuse(path, "an element twice",
             [&](json& at) { at.insert(at.begin() + static_cast<std::ptrdiff_t>(i), at[i]); });
      if (i + 1 < here.size()) {
        refuse(path, "two elements swapped", [&](json& at) { std::swap(at[i], at[i + 1]); });
      }
    }
  }
  CHECK_FALSE(difference(loaded, {{"nftables", json::array()}}).empty());
}

TEST_CASE("addresses and ports of the host are rules", "[ruleset]") {
  const auto nft = make_driver(policy::FirewallDriver::nftables, "/tmp");
  tests::check_golden("firewall/ruleset-services.nft.json", nft->render(build(rich())));
  const Ruleset ruleset = build(rich());
  CHECK_THAT(difference(comparable_lines(ruleset), listing(ruleset)), Catch::Matchers::Equals(""));
}

TEST_CASE("iptables gets the same rules", "[ruleset]") {
  const auto driver = make_driver(policy::FirewallDriver::iptables, "/tmp");
  tests::check_golden("firewall/ruleset.iptables", driver->render(build({})));
  tests::check_golden("firewall/ruleset-services.iptables", driver->render(build(rich())));
}

TEST_CASE("more ports than fit into one match become several rules", "[ruleset]") {
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

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    c == at ? static_cast<void>(parts.emplace_back()) : parts.back().push_back(c);
  }
  return parts;
}

std::string join(const std::vector<std::string>& parts, char with) {
  std::string text;
  for (const std::string& part : parts) {
    text += (&part == &parts.front() ? "" : std::string(1, with)) + part;
  }
  return text;
}

TEST_CASE("the listing of iptables-save equals the ruleset", "[ruleset]") {
  for (const Family family : {Family::four, Family::six}) {
    const std::string meant = to_iptables(build(rich()), family);
    CHECK_THAT(iptables_difference(meant, "# comment\n*raw\n:PREROUTING ACCEPT [1:2]\nCOMMIT\n" + meant),
               Catch::Matchers::Equals(""));
    std::string named = meant; // iptables before 1.8.10
    named.replace(named.find("-p 2 "), 5, "-p igmp ");
    CHECK_THAT(iptables_difference(meant, named), Catch::Matchers::Equals(""));
  }
}

TEST_CASE("a listing of iptables-save with one word or line changed is refused", "[ruleset]") {
  for (const Family family : {Family::four, Family::six}) {
    const std::string meant = to_iptables(build(rich()), family);
    const auto lines = split(meant, '\n');
    const auto refuse = [&](std::vector<std::string> listed) {
      INFO(join(listed, '\n'));
      REQUIRE_FALSE(iptables_difference(meant, join(listed, '\n')).empty());
    };
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const bool is_rule = lines[i].starts_with("-A ");
      const bool is_policy = lines[i].starts_with(":") && lines[i].find("DROP") != std::string::npos;
      if (!is_rule && !is_policy) {
        continue;
      }
      auto listed = lines;
      listed.erase(listed.begin() + static_cast<std::ptrdiff_t>(i));
      refuse(listed);
      if (is_rule) {
        listed.insert(listed.begin() + static_cast<std::ptrdiff_t>(i), {lines[i], lines[i]});
        refuse(listed);
      }
      if (is_rule && lines[i + 1].starts_with(lines[i].substr(0, lines[i].find(' ', 3)))) { // of the same chain
        listed = lines;
        std::swap(listed[i], listed[i + 1]);
        refuse(listed);
      }
      const auto words = split(lines[i], ' ');
      for (std::size_t word = 0; word + (is_policy ? 1 : 0) < words.size(); ++word) {
        auto changed = words;
        changed[word] += "x";
        listed = lines;
        listed[i] = join(changed, ' ');
        refuse(listed);
        changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(word));
        listed[i] = join(changed, ' ');
        refuse(listed);
      }
    }
    CHECK_FALSE(iptables_difference(meant, "").empty());
    CHECK_FALSE(iptables_difference(meant, meant + "*filter\n-A OUTPUT -j ACCEPT\nCOMMIT\n").empty());
    CHECK_FALSE(iptables_difference(meant, meant + "*raw\n-A OUTPUT -j NOTRACK\nCOMMIT\n").empty());
    CHECK_FALSE(iptables_difference(meant, meant + "*filter\n:mine - [0:0]\nCOMMIT\n").empty());
  }
}

} // namespace
} // namespace agentbox::firewall::ruleset
