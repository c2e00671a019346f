// SPDX-License-Identifier: Apache-2.0
#include "firewall/ruleset/model.hpp"

#include <algorithm>
#include <cstddef>

#include "support/text.hpp"

namespace agentbox::firewall::ruleset {
namespace {

Chain input_chain(const std::vector<std::uint16_t>& published) {
  Chain chain{"input", Chain::Kind::filter, Hook::input, true, {}};
  chain.rules.push_back({"input-loopback", {InLoopback{}}, Accept{}});
  chain.rules.push_back({"input-established", {Established{}}, Accept{}});
  // Without neighbour discovery IPv6 has no link layer; an unprivileged process cannot send or alter these messages.
  chain.rules.push_back({"input-neighbours", {NeighbourDiscovery{}}, Accept{}});
  if (!published.empty()) {
    chain.rules.push_back({"input-published", {TcpTo{published}}, Accept{}});
  }
  return chain;
}

constexpr std::uint16_t k_dns = 53;
constexpr policy::Address16 k_loopback4 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 127, 0, 0, 1};
constexpr policy::Address16 k_loopback6 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

/// Returns the IPv6 addresses of the host's loopback, whatever the routes say when the rules are loaded (they may come
/// from a router advertisement later): slirp4netns' gateway fd00::2, and every link-local address, pasta's gateway
/// among them.
std::vector<To> host6(const Inputs& inputs) {
  std::vector<To> blocks = {{{0xFE, 0x80}, 10}, {{0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2}, 128}};
  for (const policy::Address16& gateway : inputs.host_gateways6) {
    blocks.push_back({gateway, 128});
  }
  return blocks;
}

// The gateway, or the address that pasta was given, maps to the host's loopback: even a compromised firewall process
// reaches only the listed ports of it.
void add_host_rules(const Inputs& inputs, std::vector<Rule>& rules) {
  if (inputs.host_ports.empty() || !inputs.host_gateway) {
    return;
  }
  const To host{*inputs.host_gateway, 128};
  rules.push_back({"output-host-ports", {host, TcpTo{inputs.host_ports}, Marked{}}, Accept{}});
  // With pasta the gateway may be the name server too.
  rules.push_back({"output-host-dns", {host, UdpTo{k_dns}, Marked{}}, Accept{}});
  rules.push_back({"output-host-dns-tcp", {host, TcpTo{{k_dns}}, Marked{}}, Accept{}});
  rules.push_back({"output-host-tcp", {host, Tcp{}}, RejectReset{}});
  rules.push_back({"output-host-rest", {host}, RejectProhibited{}});
  std::size_t number = 0;
  for (const To& block : host6(inputs)) {
    const std::string name = "output-host6-" + std::to_string(++number);
    rules.push_back({name + "-dns", {block, UdpTo{k_dns}, Marked{}}, Accept{}});
    rules.push_back({name + "-dns-tcp", {block, TcpTo{{k_dns}}, Marked{}}, Accept{}});
    rules.push_back({name + "-tcp", {block, Tcp{}, Marked{}}, RejectReset{}});
    rules.push_back({name + "-rest", {block, Marked{}}, RejectProhibited{}}); // not neighbour discovery
  }
}

/// Denies link-local addresses, where a cloud's metadata service is, and under pasta the host's loopback
/// (protocol::k_mapped_loopback). Only name servers there may be reached, even if the firewall is compromised.
void add_link_local_rules(std::vector<Rule>& rules) {
  const To link_local{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 169, 254}, 112};
  rules.push_back({"output-link-local-dns", {link_local, UdpTo{k_dns}, Marked{}}, Accept{}});
  rules.push_back({"output-link-local-dns-tcp", {link_local, TcpTo{{k_dns}}, Marked{}}, Accept{}});
  rules.push_back({"output-link-local-tcp", {link_local, Tcp{}, Marked{}}, RejectReset{}});
  rules.push_back({"output-link-local", {link_local, Marked{}}, RejectProhibited{}});
}

Chain output_chain(const Inputs& inputs) {
  const auto& published = inputs.published;
  Chain chain{"output", Chain::Kind::filter, Hook::output, true, {}};
  auto& rules = chain.rules;
  // Packets without a route leave through lo too (netlink::add_fallback_routes), and are rejected below like all
  // others.
  rules.push_back({"output-loopback", {OutLoopback{}, ToOwnAddress{}}, Accept{}});
  if (!inputs.addresses.empty()) {
    // After a redirect the packet goes to loopback, but here it still has its previous output interface.
    rules.push_back({"output-redirected", {To{k_loopback4, 128}, TcpTo{{k_proxy_port}}, Redirected{}}, Accept{}});
    rules.push_back({"output-redirected6", {To{k_loopback6, 128}, TcpTo{{k_proxy_port}}, Redirected{}}, Accept{}});
  }
  add_host_rules(inputs, rules);
  add_link_local_rules(rules);
  rules.push_back({"output-firewall", {Marked{}}, Accept{}});
  if (!published.empty()) {
    rules.push_back({"output-published", {TcpFrom{published}, ReplyOfEstablished{}}, Accept{}});
  }
  rules.push_back({"output-neighbours", {NeighbourDiscovery{}}, Accept{}});
  // Packets that the kernel sends itself, without a socket and so without our mark. They are dropped without a record,
  // because the audit log would attribute them to the agent.
  rules.push_back({"output-igmp", {Igmp{}}, Drop{}});
  rules.push_back({"output-mld", {Mld{}}, Drop{}});
  rules.push_back({"output-late-reset", {TcpReset{}}, Drop{}});
  rules.push_back({"output-late-unreachable", {IcmpUnreachable{}}, Drop{}});
  rules.push_back({"output-late-unreachable6", {Icmpv6Unreachable{}}, Drop{}});
  rules.push_back({"output-log", {}, LogPacket{20, 50}});
  rules.push_back({"output-reject-tcp", {Tcp{}}, RejectReset{}});
  rules.push_back({"output-reject", {}, RejectProhibited{}});
  return chain;
}

// A socket bound to an interface stays bound to it when redirected: packets for loopback must not leave.
Chain leave_chain() {
  Chain chain{"leave", Chain::Kind::filter, Hook::postrouting, false, {}};
  chain.rules.push_back({"leave-loopback", {OutLoopback{}}, Accept{}});
  constexpr std::uint8_t k_slash8 = 104;
  chain.rules.push_back(
      {"leave-no-loopback4", {To{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 127}, k_slash8}}, Drop{}});
  chain.rules.push_back({"leave-no-loopback6", {To{k_loopback6, 128}}, Drop{}});
  return chain;
}

Chain redirect_chain(const Inputs& inputs) {
  Chain chain{"redirect", Chain::Kind::nat, Hook::output, false, {}};
  chain.rules.push_back({"redirect-virtual", {ToVirtual{inputs.range}, Tcp{}}, Redirect{k_proxy_port}});
  if (inputs.addresses.empty()) {
    return chain;
  }
  chain.rules.push_back({"redirect-firewall", {Marked{}}, Accept{}}); // it dials these addresses itself
  std::size_t number = 0;
  for (const policy::AddressEntry& entry : inputs.addresses) {
    chain.rules.push_back({"redirect-address-" + std::to_string(++number),
                           {To{entry.base, entry.prefix}, TcpTo{{entry.port}}},
                           Redirect{k_proxy_port}});
  }
  return chain;
}

} // namespace

Ruleset build(const Inputs& inputs) {
  Ruleset ruleset;
  ruleset.chains.push_back(input_chain(inputs.published));
  ruleset.chains.push_back({"forward", Chain::Kind::filter, Hook::forward, true, {}});
  ruleset.chains.push_back(output_chain(inputs));
  if (!inputs.addresses.empty()) {
    ruleset.chains.push_back(leave_chain());
  }
  ruleset.chains.push_back(redirect_chain(inputs));
  return ruleset;
}

std::string first_difference(const std::vector<std::string>& want, const std::vector<std::string>& have) {
  const auto [missing, extra] = std::mismatch(want.begin(), want.end(), have.begin(), have.end());
  if (missing == want.end() && extra == have.end()) {
    return {};
  }
  const auto text = [](const auto& place, const auto& lines) {
    return place == lines.end() ? "nothing more" : support::in_quotes(*place);
  };
  return "expected " + text(missing, want) + ", the kernel has " + text(extra, have);
}

} // namespace agentbox::firewall::ruleset
