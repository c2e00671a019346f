// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "policy/address.hpp"
#include "policy/egress.hpp"
#include "protocol/protocol.hpp"

namespace agentbox::firewall::ruleset {

/// The mark of the firewall's own upstream sockets ("abbx"). Only CAP_NET_ADMIN can set it, so only the firewall's
/// packets leave the box. Not matched by UID instead: the agent and the firewall have the same one.
constexpr std::uint32_t k_mark = 0x61626278;

constexpr std::uint16_t k_proxy_port = protocol::k_proxy_port;

/// The nfnetlink_log group that carries the first bytes of rejected packets to the audit log. Per network namespace.
constexpr std::uint16_t k_log_group = 24930;

constexpr const char* k_table = "agentbox";

// Conditions: what a packet must look like. All of a rule's conditions must hold.
struct OutLoopback {};  ///< leaves through lo
struct InLoopback {};   ///< came in through lo
struct ToOwnAddress {}; ///< the destination is an address of the box itself (routing table local)
struct Marked {};       ///< carries k_mark
struct ToVirtual {
  policy::VirtualRange range;
}; ///< IPv4 destination in the virtual range
struct To {
  policy::Address16 base{};
  std::uint8_t prefix = 128; ///< of the 16 bytes
};                           ///< destination in this block
struct Redirected {};        ///< its destination was changed by a Redirect
struct Tcp {};               ///< is TCP
struct TcpReset {};          ///< a TCP reset
struct TcpTo {
  std::vector<std::uint16_t> ports;
}; ///< TCP to one of these ports
struct UdpTo {
  std::uint16_t port = 0;
}; ///< UDP to this port
struct TcpFrom {
  std::vector<std::uint16_t> ports;
};                            ///< TCP from one of these ports
struct Established {};        ///< belongs or relates to a known connection
struct ReplyOfEstablished {}; ///< answers a connection that the other side opened
struct NeighbourDiscovery {}; ///< ICMPv6 router and neighbour messages
struct Igmp {};               ///< IPv4 multicast membership messages of the kernel
struct Mld {};                ///< the same for IPv6
struct IcmpUnreachable {};    ///< ICMP destination unreachable
struct Icmpv6Unreachable {};  ///< the same for IPv6
using Condition = std::variant<OutLoopback, InLoopback, ToOwnAddress, Marked, ToVirtual, To, Redirected, Tcp, TcpReset,
                               TcpTo, UdpTo, TcpFrom, Established, ReplyOfEstablished, NeighbourDiscovery, Igmp, Mld,
                               IcmpUnreachable, Icmpv6Unreachable>;

// Actions on a matching packet.
struct Accept {};
struct Drop {};
struct RejectReset {};      ///< TCP reset: the caller fails immediately with ECONNREFUSED
struct RejectProhibited {}; ///< ICMP or ICMPv6 "administratively prohibited"
struct Redirect {
  std::uint16_t port;
}; ///< to this port of 127.0.0.1, or of ::1
/// Sends the packet's first bytes to k_log_group, at most this often, and continues with the next rule.
struct LogPacket {
  std::uint32_t per_second;
  std::uint32_t burst;
};
using Action = std::variant<Accept, Drop, RejectReset, RejectProhibited, Redirect, LogPacket>;

struct Rule {
  std::string name; ///< unique in the ruleset; carried into the kernel as a comment and looked for by verification
  std::vector<Condition> when;
  Action then;
};

/// The netfilter hook of a chain.
enum class Hook { input, forward, output, postrouting };

struct Chain {
  enum class Kind { filter, nat };
  std::string name;
  Kind kind = Kind::filter;
  Hook hook = Hook::output;
  bool drop_by_default = true;
  std::vector<Rule> rules;
};

/// The whole ruleset, whichever driver loads it.
struct Ruleset {
  std::vector<Chain> chains;
};

/// The settings that the rules of a box depend on. The list of names is not one: it does not change the rules.
struct Inputs {
  policy::VirtualRange range;
  std::vector<std::uint16_t> published;               ///< ports of the box that may be connected to from outside
  std::vector<policy::AddressEntry> addresses;        ///< services without a name: redirected to the proxy too
  std::vector<std::uint16_t> host_ports;              ///< of the host's loopback, for the firewall's own sockets
  std::optional<policy::Address16> host_gateway;      ///< where the host's loopback is; needed for host_ports
  std::vector<policy::Address16> host_gateways6 = {}; ///< its possible IPv6 addresses, all denied
};

/// Returns the rules of a filtered box: only lo, the firewall's marked sockets and the replies of published ports
/// leave; TCP to the virtual range, and to the listed addresses and ports, goes to the proxy; all else is rejected
/// immediately. Where the host's loopback can be reached, the marked sockets reach only `host_ports` (and DNS) there.
Ruleset build(const Inputs& inputs);

/// Compares two renderings of rules line by line. Returns the first difference in words, or an empty string. Pure.
std::string first_difference(const std::vector<std::string>& want, const std::vector<std::string>& have);

} // namespace agentbox::firewall::ruleset
