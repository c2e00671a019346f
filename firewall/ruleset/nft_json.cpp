// SPDX-License-Identifier: Apache-2.0
#include "firewall/ruleset/nft_json.hpp"

#include <algorithm>
#include <netinet/in.h>
#include <nlohmann/json.hpp>
#include <utility>

namespace agentbox::firewall::ruleset {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

ordered_json match(ordered_json left, ordered_json right, const char* op = "==") {
  ordered_json inner;
  inner["op"] = op;
  inner["left"] = std::move(left);
  inner["right"] = std::move(right);
  return {{"match", std::move(inner)}};
}

ordered_json meta(const char* key) {
  return {{"meta", {{"key", key}}}};
}
ordered_json conntrack(const char* key) {
  return {{"ct", {{"key", key}}}};
}
ordered_json payload(const char* protocol, const char* field) {
  return {{"payload", {{"protocol", protocol}, {"field", field}}}};
}
/// Returns an anonymous set. A set of one value is written as that value, because the kernel lists it like that.
ordered_json set_of(ordered_json values) {
  return values.size() == 1 ? values.front() : ordered_json{{"set", std::move(values)}};
}

/// One condition as a libnftables-json statement.
struct ConditionStatement {
  ordered_json operator()(const OutLoopback&) const { return match(meta("oif"), "lo"); }
  ordered_json operator()(const InLoopback&) const { return match(meta("iif"), "lo"); }
  ordered_json operator()(const ToOwnAddress&) const {
    return match({{"fib", {{"result", "type"}, {"flags", ordered_json::array({"daddr"})}}}}, "local");
  }
  ordered_json operator()(const Marked&) const { return match(meta("mark"), k_mark); }
  ordered_json operator()(const ToVirtual& to) const {
    const std::string cidr = to.range.text();
    return match(payload("ip", "daddr"),
                 {{"prefix", {{"addr", cidr.substr(0, cidr.find('/'))}, {"len", to.range.prefix}}}});
  }
  ordered_json operator()(const To& to) const {
    const bool four = policy::is_v4(to.base);
    ordered_json address = policy::address_text(to.base);
    if (to.prefix != 128) {
      address = {{"prefix", {{"addr", policy::address_text(to.base)}, {"len", to.prefix - (four ? 96 : 0)}}}};
    }
    return match(payload(four ? "ip" : "ip6", "daddr"), std::move(address));
  }
  ordered_json operator()(const Redirected&) const { return match(conntrack("status"), "dnat", "in"); }
  // Protocols as numbers: names would be looked up in /etc/protocols, which the firewall's image does not have.
  ordered_json operator()(const Tcp&) const { return match(meta("l4proto"), IPPROTO_TCP); }
  ordered_json operator()(const TcpReset&) const { // "tcp flags & rst == rst"
    ordered_json masked;
    masked["&"] = ordered_json::array({payload("tcp", "flags"), "rst"});
    return match(std::move(masked), "rst");
  }
  ordered_json operator()(const TcpTo& to) const { return match(payload("tcp", "dport"), set_of(to.ports)); }
  ordered_json operator()(const UdpTo& to) const { return match(payload("udp", "dport"), to.port); }
  ordered_json operator()(const TcpFrom& from) const { return match(payload("tcp", "sport"), set_of(from.ports)); }
  ordered_json operator()(const Established&) const {
    return match(conntrack("state"), ordered_json::array({"established", "related"}), "in");
  }
  ordered_json operator()(const ReplyOfEstablished&) const {
    // Connections that the box opened have the direction "original" on their way out, so this rule allows none of them.
    return match(conntrack("direction"), "reply");
  }
  ordered_json operator()(const NeighbourDiscovery&) const {
    return match(payload("icmpv6", "type"),
                 set_of({"nd-router-solicit", "nd-router-advert", "nd-neighbor-solicit", "nd-neighbor-advert"}));
  }
  ordered_json operator()(const Igmp&) const { return match(meta("l4proto"), IPPROTO_IGMP); }
  ordered_json operator()(const Mld&) const {
    return match(payload("icmpv6", "type"),
                 set_of({"mld-listener-query", "mld-listener-report", "mld-listener-done", "mld2-listener-report"}));
  }
  ordered_json operator()(const IcmpUnreachable&) const {
    return match(payload("icmp", "type"), "destination-unreachable");
  }
  ordered_json operator()(const Icmpv6Unreachable&) const {
    return match(payload("icmpv6", "type"), "destination-unreachable");
  }
};

/// One action as libnftables-json statements; the last one is the verdict.
struct ActionStatements {
  std::vector<ordered_json> operator()(const Accept&) const { return {{{"accept", nullptr}}}; }
  std::vector<ordered_json> operator()(const Drop&) const { return {{{"drop", nullptr}}}; }
  std::vector<ordered_json> operator()(const RejectReset&) const {
    return {{{"counter", nullptr}}, {{"reject", {{"type", "tcp reset"}}}}};
  }
  std::vector<ordered_json> operator()(const RejectProhibited&) const {
    return {{{"counter", nullptr}}, {{"reject", {{"type", "icmpx"}, {"expr", "admin-prohibited"}}}}};
  }
  std::vector<ordered_json> operator()(const Redirect& redirect) const {
    return {{{"redirect", {{"port", redirect.port}}}}};
  }
  std::vector<ordered_json> operator()(const LogPacket& log) const {
    return {{{"limit", {{"rate", log.per_second}, {"burst", log.burst}, {"per", "second"}}}},
            {{"log", {{"group", k_log_group}, {"snaplen", 96}}}}};
  }
};

const char* hook_name(Hook hook) {
  switch (hook) {
  case Hook::input: return "input";
  case Hook::forward: return "forward";
  case Hook::output: return "output";
  case Hook::postrouting: return "postrouting";
  }
  return "output";
}

ordered_json in_table(const std::string& chain) {
  return {{"family", "inet"}, {"table", k_table}, {"chain", chain}};
}

ordered_json chain_object(const Chain& chain) {
  const bool nat = chain.kind == Chain::Kind::nat;
  return {{"family", "inet"},
          {"table", k_table},
          {"name", chain.name},
          {"type", nat ? "nat" : "filter"},
          {"hook", hook_name(chain.hook)},
          {"prio", nat ? -100 : 0}, // NF_IP_PRI_NAT_DST, NF_IP_PRI_FILTER
          {"policy", chain.drop_by_default ? "drop" : "accept"}};
}

ordered_json rule_object(const Chain& chain, const Rule& rule) {
  ordered_json object = in_table(chain.name);
  object["comment"] = rule.name;
  ordered_json statements = ordered_json::array();
  for (const Condition& condition : rule.when) {
    statements.push_back(std::visit(ConditionStatement{}, condition));
  }
  for (ordered_json& statement : std::visit(ActionStatements{}, rule.then)) {
    statements.push_back(std::move(statement));
  }
  object["expr"] = std::move(statements);
  return object;
}

ordered_json table_object() {
  return {{"family", "inet"}, {"name", k_table}};
}

ordered_json add(const char* kind, ordered_json object) {
  ordered_json inner;
  inner[kind] = std::move(object);
  return {{"add", std::move(inner)}};
}

// An array of one value and that value alone mean the same; libnftables writes some flags in either way.
void unwrap_single_values(json& value) {
  if (value.is_structured()) {
    std::for_each(value.begin(), value.end(), unwrap_single_values);
  }
  if (value.is_array() && value.size() == 1) {
    value = json(value.front());
  }
}

/// Returns a table, chain or rule as one line of JSON, keys in alphabetical order, without what changes by itself:
/// handles and the values of counters.
std::string line(json object) {
  for (json& properties : object) {
    if (properties.contains("handle")) {
      properties.erase("handle");
    }
    if (!properties.contains("expr")) {
      continue;
    }
    for (json& statement : properties["expr"]) {
      if (statement.contains("counter")) {
        statement["counter"] = nullptr;
      }
    }
  }
  unwrap_single_values(object);
  return object.dump(-1, ' ', true, json::error_handler_t::replace);
}

} // namespace

ordered_json to_nft_json(const Ruleset& ruleset) {
  ordered_json commands = ordered_json::array();
  // add, delete, add: deletes the old table if there is one, and does not fail if there is none.
  commands.push_back(add("table", table_object()));
  commands.push_back({{"delete", {{"table", table_object()}}}});
  commands.push_back(add("table", table_object()));
  for (const Chain& chain : ruleset.chains) {
    commands.push_back(add("chain", chain_object(chain)));
  }
  for (const Chain& chain : ruleset.chains) {
    for (const Rule& rule : chain.rules) {
      commands.push_back(add("rule", rule_object(chain, rule)));
    }
  }
  return {{"nftables", std::move(commands)}};
}

std::vector<std::string> comparable_lines(const Ruleset& ruleset) {
  std::vector<std::string> lines;
  const ordered_json document = to_nft_json(ruleset);
  for (const ordered_json& command : document.at("nftables")) {
    if (command.contains("add")) {
      lines.push_back(line(json::parse(command.at("add").dump())));
    }
  }
  lines.erase(lines.begin()); // the table is added twice
  return lines;
}

std::string difference(const std::vector<std::string>& loaded, const json& listed) {
  std::vector<std::string> lines;
  for (const json& object : listed.at("nftables")) {
    if (!object.contains("metainfo")) {
      lines.push_back(line(object));
    }
  }
  return first_difference(loaded, lines);
}

} // namespace agentbox::firewall::ruleset
