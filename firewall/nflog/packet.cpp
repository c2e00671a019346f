// SPDX-License-Identifier: Apache-2.0
#include "firewall/nflog/packet.hpp"

#include <arpa/inet.h>
#include <array>
#include <climits>
#include <cstddef>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <netinet/in.h>
#include <utility>

#include "firewall/netlink/netlink.hpp"

namespace agentbox::firewall::nflog {
namespace {

constexpr std::size_t k_header4 = 20;
constexpr std::size_t k_header6 = 40;

std::string protocol_name(unsigned number) {
  switch (number) {
  case IPPROTO_ICMP: return "icmp";
  case IPPROTO_TCP: return "tcp";
  case IPPROTO_UDP: return "udp";
  case IPPROTO_DCCP: return "dccp";
  case IPPROTO_ICMPV6: return "icmp6";
  case IPPROTO_SCTP: return "sctp";
  case IPPROTO_UDPLITE: return "udplite";
  default: return "protocol " + std::to_string(number);
  }
}

bool has_ports(unsigned number) {
  return number == IPPROTO_TCP || number == IPPROTO_UDP || number == IPPROTO_DCCP || number == IPPROTO_SCTP ||
         number == IPPROTO_UDPLITE;
}

std::string text(int family, const char* address) {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  return ::inet_ntop(family, address, buffer.data(), buffer.size()) == nullptr ? std::string() : buffer.data();
}

Packet make(std::string address, unsigned protocol, std::string_view payload) {
  Packet packet{std::move(address), protocol_name(protocol), 0};
  if (has_ports(protocol) && payload.size() >= 4) {
    packet.port = static_cast<std::uint16_t>((static_cast<unsigned char>(payload[2]) << 8U) |
                                             static_cast<unsigned char>(payload[3]));
  }
  return packet;
}

} // namespace

std::optional<Packet> parse_packet(std::string_view bytes) {
  if (bytes.empty()) {
    return std::nullopt;
  }
  const auto first = static_cast<unsigned char>(bytes[0]);
  if (first >> 4U == 4 && bytes.size() >= k_header4) {
    const std::size_t length = (first & 0xFU) * std::size_t{4};
    return make(text(AF_INET, bytes.data() + 16), static_cast<unsigned char>(bytes[9]),
                length < k_header4 || length > bytes.size() ? std::string_view() : bytes.substr(length));
  }
  if (first >> 4U == 6 && bytes.size() >= k_header6) {
    return make(text(AF_INET6, bytes.data() + 24), static_cast<unsigned char>(bytes[6]), bytes.substr(k_header6));
  }
  return std::nullopt;
}

void for_each_packet(std::string_view datagram, const std::function<void(const Packet&)>& visit) {
  constexpr std::uint16_t k_packet_type = (NFNL_SUBSYS_ULOG << 8U) | NFULNL_MSG_PACKET;
  int left = static_cast<int>(datagram.size() & ~std::size_t{NLMSG_ALIGNTO - 1}); // libmnl reads to the aligned end
  for (const auto* header = reinterpret_cast<const nlmsghdr*>(datagram.data());
       mnl_nlmsg_ok(header, left) && header->nlmsg_len <= INT_MAX; // libmnl 1.0.4 takes more for a negative length
       header = mnl_nlmsg_next(header, &left)) {
    if (header->nlmsg_type == k_packet_type) {
      netlink::for_each_attribute(header, sizeof(nfgenmsg), [&](unsigned type, std::string_view payload) {
        if (const auto packet = type == NFULA_PAYLOAD ? parse_packet(payload) : std::nullopt) {
          visit(*packet);
        }
      });
    }
  }
}

} // namespace agentbox::firewall::nflog
