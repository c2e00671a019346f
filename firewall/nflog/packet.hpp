// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace agentbox::firewall::nflog {

/// Where a rejected packet wanted to go.
struct Packet {
  std::string address;
  std::string protocol;   ///< "tcp", "udp", "icmp", …, or "protocol 132"
  std::uint16_t port = 0; ///< of TCP, UDP, UDP-Lite, SCTP and DCCP; 0: none, or cut off

  bool operator==(const Packet&) const = default;
};

/// The first bytes of an IPv4 or IPv6 packet, from its IP header on. Nothing for what is neither. IPv6 extension
/// headers are not walked through: the agent cannot set them for what it may send.
std::optional<Packet> parse_packet(std::string_view bytes);

/// Calls `visit` for each packet in one datagram of the nfnetlink_log subsystem.
void for_each_packet(std::string_view datagram, const std::function<void(const Packet&)>& visit);

} // namespace agentbox::firewall::nflog
