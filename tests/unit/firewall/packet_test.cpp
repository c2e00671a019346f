// SPDX-License-Identifier: Apache-2.0
#include "firewall/nflog/packet.hpp"

#include <string>
#include <vector>

#include "bytes.hpp"
#include "catch.hpp"

namespace agentbox::firewall::nflog {
namespace {

using test::be16;
using test::bytes;

std::string ipv4(unsigned protocol, const std::string& payload, unsigned words = 5) {
  return bytes({0x40 + words, 0, 0, 60, 0, 0, 0x40, 0, 64, protocol, 0, 0, 10, 0, 0, 2, 198, 51, 100, 10}) +
         std::string(std::size_t{words - 5} * 4, 'o') + payload;
}

TEST_CASE("parses the destination of a packet", "[nflog]") {
  CHECK(parse_packet(ipv4(6, be16(40000) + be16(443))) == Packet{"198.51.100.10", "tcp", 443});
  CHECK(parse_packet(ipv4(17, be16(40000) + be16(53), 8)) == Packet{"198.51.100.10", "udp", 53});
  CHECK(parse_packet(ipv4(1, bytes({8, 0, 1, 1}))) == Packet{"198.51.100.10", "icmp", 0});
  CHECK(parse_packet(ipv4(132, be16(1) + be16(2))) == Packet{"198.51.100.10", "sctp", 2});
  CHECK(parse_packet(ipv4(253, "abcd")) == Packet{"198.51.100.10", "protocol 253", 0});
  const std::string ipv6 = bytes({0x60, 0, 0, 0, 0, 20, 6, 64}) + std::string(16, '\0') + bytes({0x20, 1, 0x0d, 0xb8}) +
                           std::string(11, '\0') + "\x01" + be16(1) + be16(443);
  CHECK(parse_packet(ipv6) == Packet{"2001:db8::1", "tcp", 443});
}

TEST_CASE("truncated and malformed packets are ignored", "[nflog]") {
  CHECK_FALSE(parse_packet(""));
  CHECK_FALSE(parse_packet("\x45"));
  CHECK_FALSE(parse_packet(std::string(60, '\x15')));
  CHECK(parse_packet(ipv4(6, "")) == Packet{"198.51.100.10", "tcp", 0});
  CHECK(parse_packet(ipv4(6, be16(1) + be16(2)).replace(0, 1, "\x4f")) == Packet{"198.51.100.10", "tcp", 0});
  CHECK(parse_packet(ipv4(6, be16(1) + be16(2)).replace(0, 1, "\x41")) == Packet{"198.51.100.10", "tcp", 0});
}

TEST_CASE("a datagram of nfnetlink_log may hold several packets, and end anywhere", "[nflog]") {
  const auto le16 = [](unsigned value) { return bytes({value & 0xFFU, value >> 8U}); };
  const auto message = [&](const std::string& payload) {
    const std::string attribute = le16(static_cast<unsigned>(payload.size()) + 4) + le16(9) + payload;
    const std::string body = bytes({2, 0, 0x61, 0x62}) + attribute;
    return le16(static_cast<unsigned>(body.size()) + 16) + le16(0) + le16(0x0400) + le16(0) + std::string(8, '\0') +
           body;
  };
  const std::string both = message(ipv4(6, be16(1) + be16(80))) + message(ipv4(17, be16(1) + be16(53)));
  std::vector<Packet> seen;
  for_each_packet(both, [&](const Packet& packet) { seen.push_back(packet); });
  CHECK(seen == std::vector<Packet>{{"198.51.100.10", "tcp", 80}, {"198.51.100.10", "udp", 53}});
  for (std::size_t size = 0; size < both.size(); ++size) {
    seen.clear();
    for_each_packet(std::string_view(both).substr(0, size), [&](const Packet& packet) { seen.push_back(packet); });
    CHECK(seen.size() == (size >= both.size() / 2 ? 1 : 0));
  }
  for_each_packet(std::string("\x44\x00\xff\xc3", 4) + both.substr(4),
                  [](const Packet&) { FAIL("the datagram is longer"); });
}

} // namespace
} // namespace agentbox::firewall::nflog
