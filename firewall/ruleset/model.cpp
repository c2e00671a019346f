// SPDX-License-Identifier: Apache-2.0
#include "firewall/ruleset/model.hpp"

#include <utility>

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

Chain output_chain(const std::vector<std::uint16_t>& published) {
  Chain chain{"output", Chain::Kind::filter, Hook::output, true, {}};
  auto& rules = chain.rules;
  rules.push_back({"output-loopback", {OutLoopback{}}, Accept{}});
  rules.push_back({"output-firewall", {Marked{}}, Accept{}});
  if (!published.empty()) {
    rules.push_back({"output-published", {TcpFrom{published}, ReplyOfEstablished{}}, Accept{}});
  }
  rules.push_back({"output-neighbours", {NeighbourDiscovery{}}, Accept{}});
  // What the kernel sends of its own accord, without a socket and so without our mark: dropped without a word, or the
  // audit log would accuse the agent of it.
  rules.push_back({"output-igmp", {Igmp{}}, Drop{}});
  rules.push_back({"output-mld", {Mld{}}, Drop{}});
  rules.push_back({"output-late-reset", {TcpReset{}}, Drop{}});
  rules.push_back({"output-late-unreachable", {IcmpUnreachable{}}, Drop{}});
  rules.push_back({"output-late-unreachable6", {Icmpv6Unreachable{}}, Drop{}});
  rules.push_back({"output-log", {}, Log{20, 50}});
  rules.push_back({"output-reject-tcp", {Tcp{}}, RejectReset{}});
  rules.push_back({"output-reject", {}, RejectProhibited{}});
  return chain;
}

} // namespace

Ruleset build(const policy::VirtualRange& range, const std::vector<std::uint16_t>& published_ports) {
  Chain redirect{"redirect", Chain::Kind::nat, Hook::output, false, {}};
  redirect.rules.push_back({"redirect-virtual", {ToVirtual{range}, Tcp{}}, Redirect{k_proxy_port}});

  Ruleset ruleset;
  ruleset.chains.push_back(input_chain(published_ports));
  ruleset.chains.push_back({"forward", Chain::Kind::filter, Hook::forward, true, {}});
  ruleset.chains.push_back(output_chain(published_ports));
  ruleset.chains.push_back(std::move(redirect));
  return ruleset;
}

} // namespace agentbox::firewall::ruleset
