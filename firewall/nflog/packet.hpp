// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace agentbox::firewall::nflog {

/// The destination of a rejected packet.
struct Packet {
  std::string address;
  std::string protocol;   ///< "tcp", "udp", "icmp", …, or "protocol 132"
  std::uint16_t port = 0; ///< of TCP, UDP, UDP-Lite, SCTP and DCCP; 0: none, or not captured

  bool operator==(const Packet&) const = default;
};

/// Parses the first bytes of an IPv4 or IPv6 packet, starting at its IP header; nullopt if it is neither. Does not
/// parse IPv6 extension headers: no packet that the agent may send has them.
std::optional<Packet> parse_packet(std::string_view bytes);

/// Calls `visit` for each packet in one datagram from nfnetlink_log, which is aligned as an nlmsghdr.
void for_each_packet(std::string_view datagram, const std::function<void(const Packet&)>& visit);

} // namespace agentbox::firewall::nflog
