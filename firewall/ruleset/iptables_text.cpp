// SPDX-License-Identifier: Apache-2.0
#include "firewall/ruleset/iptables_text.hpp"

#include <algorithm>
#include <cstddef>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <variant>

namespace agentbox::firewall::ruleset {
namespace {

/// One way in which a condition can hold, as options; a rule needs one line for each combination.
using Ways = std::vector<std::string>;

constexpr std::size_t k_max_ports = 15; // of one multiport match

Ways ports(std::string_view option, const std::vector<std::uint16_t>& numbers) {
  Ways ways;
  for (std::size_t i = 0; i < numbers.size(); i += k_max_ports) {
    const auto last = std::min(numbers.size(), i + k_max_ports);
    ways.push_back(fmt::format("-p tcp -m multiport {} {}", option,
                               fmt::join(numbers.begin() + static_cast<std::ptrdiff_t>(i),
                                         numbers.begin() + static_cast<std::ptrdiff_t>(last), ",")));
  }
  return ways;
}

Ways icmp6_types(std::initializer_list<int> types) {
  Ways ways;
  for (const int type : types) {
    ways.push_back(fmt::format("-p ipv6-icmp -m icmp6 --icmpv6-type {}", type));
  }
  return ways;
}

/// The ways of a condition; none when it cannot hold in this family.
struct ConditionWays {
  Family family;

  Ways only(Family wanted, Ways ways) const { return family == wanted ? std::move(ways) : Ways(); }

  Ways operator()(const OutLoopback&) const { return {"-o lo"}; }
  Ways operator()(const InLoopback&) const { return {"-i lo"}; }
  Ways operator()(const ToOwnAddress&) const { return {"-m addrtype --dst-type LOCAL"}; }
  Ways operator()(const Marked&) const { return {fmt::format("-m mark --mark {:#x}", k_mark)}; }
  Ways operator()(const ToVirtual& to) const { return only(Family::four, {"-d " + to.range.text()}); }
  Ways operator()(const To& to) const {
    const bool four = policy::is_v4(to.base);
    return only(four ? Family::four : Family::six,
                {fmt::format("-d {}/{}", policy::address_text(to.base), to.prefix - (four ? 96 : 0))});
  }
  Ways operator()(const Redirected&) const { return {"-m conntrack --ctstate DNAT"}; }
  Ways operator()(const Tcp&) const { return {"-p tcp"}; }
  Ways operator()(const TcpReset&) const { return {"-p tcp -m tcp --tcp-flags RST RST"}; }
  Ways operator()(const TcpTo& to) const { return ports("--dports", to.ports); }
  Ways operator()(const UdpTo& to) const { return {fmt::format("-p udp -m udp --dport {}", to.port)}; }
  Ways operator()(const TcpFrom& from) const { return ports("--sports", from.ports); }
  Ways operator()(const Established&) const { return {"-m conntrack --ctstate RELATED,ESTABLISHED"}; }
  Ways operator()(const ReplyOfEstablished&) const { return {"-m conntrack --ctdir REPLY"}; }
  Ways operator()(const NeighbourDiscovery&) const { return only(Family::six, icmp6_types({133, 134, 135, 136})); }
  Ways operator()(const Igmp&) const { return {"-p 2"}; }
  Ways operator()(const Mld&) const { return only(Family::six, icmp6_types({130, 131, 132, 143})); }
  Ways operator()(const IcmpUnreachable&) const { return only(Family::four, {"-p icmp -m icmp --icmp-type 3"}); }
  Ways operator()(const Icmpv6Unreachable&) const { return only(Family::six, icmp6_types({1})); }
};

/// The target of a rule, and a match that belongs to it.
struct ActionOptions {
  Family family;

  std::string operator()(const Accept&) const { return "-j ACCEPT"; }
  std::string operator()(const Drop&) const { return "-j DROP"; }
  std::string operator()(const RejectReset&) const { return "-j REJECT --reject-with tcp-reset"; }
  std::string operator()(const RejectProhibited&) const {
    return family == Family::four ? "-j REJECT --reject-with icmp-admin-prohibited"
                                  : "-j REJECT --reject-with icmp6-adm-prohibited";
  }
  std::string operator()(const Redirect& redirect) const {
    return fmt::format("-j REDIRECT --to-ports {}", redirect.port);
  }
  std::string operator()(const LogPacket& log) const {
    return fmt::format("-m limit --limit {}/sec --limit-burst {} -j NFLOG --nflog-group {} --nflog-size 96",
                       log.per_second, log.burst, k_log_group);
  }
};

const char* chain_name(Hook hook) {
  switch (hook) {
  case Hook::input: return "INPUT";
  case Hook::forward: return "FORWARD";
  case Hook::output: return "OUTPUT";
  case Hook::postrouting: return "POSTROUTING";
  }
  return "OUTPUT";
}

// The table `filter` has no postrouting; `mangle` may drop there as well.
const char* table_name(const Chain& chain) {
  if (chain.kind == Chain::Kind::nat) {
    return "nat";
  }
  return chain.hook == Hook::postrouting ? "mangle" : "filter";
}

/// Returns the conditions of `rule` in all combinations; none when it cannot concern the family.
Ways combinations(const Rule& rule, Family family) {
  Ways lines = {""};
  for (const Condition& condition : rule.when) {
    const Ways ways = std::visit(ConditionWays{family}, condition);
    Ways longer;
    for (const std::string& line : lines) {
      for (const std::string& way : ways) {
        // A protocol that a condition before this one has named is not named twice.
        const bool tcp = line.find("-p tcp") != std::string::npos && way.starts_with("-p tcp");
        longer.push_back(line + (tcp ? way.substr(std::min<std::size_t>(way.size(), 7)) : way) + " ");
      }
    }
    lines = std::move(longer);
  }
  return lines;
}

std::string chain_rules(const Chain& chain, Family family) {
  std::string text;
  for (const Rule& rule : chain.rules) {
    for (const std::string& conditions : combinations(rule, family)) {
      text += fmt::format("-A {} {}-m comment --comment {} {}\n", chain_name(chain.hook), conditions, rule.name,
                          std::visit(ActionOptions{family}, rule.then));
    }
  }
  return text;
}

std::string_view first_line(std::string_view& text) {
  const auto end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

std::string_view second_word(std::string_view line) {
  line.remove_prefix(std::min(line.find(' '), line.size() - 1) + 1);
  return line.substr(0, line.find(' '));
}

/// Returns a rule as iptables 1.8.10 and later list it; earlier ones look up protocol 2 in their own table.
std::string numeric(std::string_view rule) {
  constexpr std::string_view k_named = " -p igmp ";
  std::string text(rule);
  if (const auto at = text.find(k_named); at != std::string::npos) {
    text.replace(at, k_named.size(), " -p 2 ");
  }
  return text;
}

/// Returns the deciding parts of `text`, the input of iptables-restore or the output of iptables-save: each built-in
/// chain with its policy, each rule, in order within its chain. Omits counters and chains that accept without a rule.
std::vector<std::string> normal_form(std::string_view text) {
  std::map<std::string, std::vector<std::string>> chains; // "table/CHAIN" -> policy, rules
  std::string table;
  const auto rules_of = [&](std::string_view chain) -> std::vector<std::string>& {
    return chains[table + "/" + std::string(chain.substr(0, chain.find(' ')))];
  };
  while (!text.empty()) {
    const std::string_view line = first_line(text);
    if (line.starts_with('*')) {
      table = line.substr(1);
    } else if (line.starts_with(':')) {
      auto& rules = rules_of(line.substr(1));
      rules.insert(rules.begin(), "policy " + std::string(second_word(line)));
    } else if (line.starts_with("-A ")) {
      rules_of(line.substr(3)).push_back(numeric(line));
    } else if (!line.empty() && !line.starts_with('#') && line != "COMMIT") {
      chains[table].emplace_back(line); // not ours
    }
  }
  std::vector<std::string> lines;
  for (const auto& [name, items] : chains) {
    if (items == std::vector<std::string>{"policy ACCEPT"}) {
      continue;
    }
    for (const std::string& item : items) {
      lines.push_back(name + ": " + item);
    }
  }
  return lines;
}

} // namespace

std::string to_iptables(const Ruleset& ruleset, Family family) {
  // filter first: an interruption leaves the box closed.
  std::string text;
  for (const std::string_view table : {"filter", "mangle", "nat"}) {
    std::string policies;
    std::string rules;
    for (const Chain& chain : ruleset.chains) {
      if (table == table_name(chain)) {
        policies += fmt::format(":{} {} [0:0]\n", chain_name(chain.hook), chain.drop_by_default ? "DROP" : "ACCEPT");
        rules += chain_rules(chain, family);
      }
    }
    if (!policies.empty()) {
      text += fmt::format("*{}\n{}{}COMMIT\n", table, policies, rules);
    }
  }
  return text;
}

std::string empty_iptables() {
  return "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n"
         "*mangle\n:POSTROUTING ACCEPT [0:0]\nCOMMIT\n"
         "*nat\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n";
}

std::string iptables_difference(std::string_view meant, std::string_view listed) {
  return first_difference(normal_form(meant), normal_form(listed));
}

} // namespace agentbox::firewall::ruleset
