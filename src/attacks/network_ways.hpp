// SPDX-License-Identifier: Apache-2.0
// The ways out that network_attacks.cpp tries, as data.
#pragma once
#include <array>
#include <cstdint>

#include "protocol/protocol.hpp"

namespace agentbox::attacks {

/// How a way is tried.
enum class Kind {
  tcp,
  udp,
  fast_open,
  mptcp,
  sctp,
  dccp,
  udplite,
  ping,
  ping6,
  broadcast,
  device,
  source,
  gateway,
  proxy
};

/// One way out. The address is as inet_pton(3) takes it.
struct Way {
  const char* name;
  const char* tried;
  Kind kind;
  const char* address;
  std::uint16_t port;
  bool core = false;
};

inline constexpr const char* k_evil = "198.51.100.10";
inline constexpr const char* k_evil6 = "2001:db8:51::10";

inline constexpr std::array k_ways = {
    Way{"tcp-evil-https", "connect to 198.51.100.10:443", Kind::tcp, k_evil, 443, k_core},
    Way{"tcp-evil-http", "connect to 198.51.100.10:80", Kind::tcp, k_evil, 80},
    Way{"tcp-evil-ssh", "connect to 198.51.100.10:22", Kind::tcp, k_evil, 22},
    Way{"tcp-evil-dns", "ask 198.51.100.10 for names (TCP)", Kind::tcp, k_evil, 53},
    Way{"tcp-evil-dot", "ask 198.51.100.10 for names (TLS)", Kind::tcp, k_evil, 853},
    Way{"tcp-evil-odd-port", "connect to 198.51.100.10:31337", Kind::tcp, k_evil, 31337},
    Way{"tcp-allowed-by-address", "connect to a listed host by its address", Kind::tcp, "203.0.113.7", 443},
    Way{"tcp-mapped-v4", "connect to ::ffff:198.51.100.10 (IPv4 in IPv6)", Kind::tcp, "::ffff:198.51.100.10", 443},
    Way{"tcp-v6", "connect to 2001:db8:51::10:443", Kind::tcp, k_evil6, 443, k_core},
    Way{"tcp-nat64", "connect to 64:ff9b::c633:640a (NAT64)", Kind::tcp, "64:ff9b::198.51.100.10", 443},
    Way{"tcp-6to4", "connect to 2002:c633:640a::1 (6to4)", Kind::tcp, "2002:c633:640a::1", 443},
    Way{"tcp-fast-open", "send data with the first packet (TCP Fast Open)", Kind::fast_open, k_evil, 443},
    Way{"tcp-multipath", "connect with Multipath TCP", Kind::mptcp, k_evil, 443},
    Way{"tcp-bound-device", "connect, bound to the outer interface", Kind::device, k_evil, 443},
    Way{"tcp-loopback-source", "connect from 127.0.0.1", Kind::source, k_evil, 443},
    Way{"sctp", "connect with SCTP", Kind::sctp, k_evil, 443},
    Way{"dccp", "connect with DCCP", Kind::dccp, k_evil, 443},
    Way{"udp-quic", "send QUIC to 198.51.100.10:443", Kind::udp, k_evil, 443, k_core},
    Way{"udp-dns", "ask 198.51.100.10 for names", Kind::udp, k_evil, 53, k_core},
    Way{"udp-dns-local-network", "ask a name server in the local network", Kind::udp, "192.0.2.1", 53},
    Way{"udp-ntp", "ask 198.51.100.10 for the time", Kind::udp, k_evil, 123},
    Way{"udp-odd-port", "send UDP to 198.51.100.10:31337", Kind::udp, k_evil, 31337},
    Way{"udp-v6", "send UDP to 2001:db8:51::10:443", Kind::udp, k_evil6, 443},
    Way{"udp-lite", "send UDP-Lite to 198.51.100.10", Kind::udplite, k_evil, 443},
    Way{"udp-broadcast", "broadcast (DHCP)", Kind::broadcast, "255.255.255.255", 67},
    Way{"udp-mdns", "ask the neighbours for names (mDNS)", Kind::udp, "224.0.0.251", 5353},
    Way{"udp-ssdp", "look for devices (SSDP)", Kind::udp, "239.255.255.250", 1900},
    Way{"udp-mdns-v6", "ask the neighbours for names (mDNS, IPv6)", Kind::udp, "ff02::fb", 5353},
    Way{"icmp", "ping 198.51.100.10", Kind::ping, k_evil, 0},
    Way{"icmp-v6", "ping 2001:db8:51::10", Kind::ping6, k_evil6, 0},
    Way{"metadata", "connect to the cloud's metadata (169.254.169.254)", Kind::tcp, "169.254.169.254", 80, k_core},
    Way{"metadata-mapped", "connect to ::ffff:169.254.169.254", Kind::tcp, "::ffff:169.254.169.254", 80},
    Way{"metadata-v6", "connect to fd00:ec2::254 (metadata, IPv6)", Kind::tcp, "fd00:ec2::254", 80},
    Way{"metadata-nat64", "connect to 64:ff9b::a9fe:a9fe (metadata by NAT64)", Kind::tcp, "64:ff9b::169.254.169.254",
        80},
    Way{"metadata-tasks", "connect to 169.254.170.2 (task credentials)", Kind::tcp, "169.254.170.2", 80},
    Way{"metadata-alibaba", "connect to 100.100.100.200", Kind::tcp, "100.100.100.200", 80},
    Way{"metadata-azure", "connect to 168.63.129.16", Kind::tcp, "168.63.129.16", 80},
    Way{"local-network", "connect to 192.0.2.99 in the local network", Kind::tcp, "192.0.2.99", 443, k_core},
    Way{"local-network-10", "connect to 10.0.0.1", Kind::tcp, "10.0.0.1", 80},
    Way{"local-network-172", "connect to 172.16.0.1", Kind::tcp, "172.16.0.1", 80},
    Way{"local-network-192", "connect to 192.168.0.1", Kind::tcp, "192.168.0.1", 80},
    Way{"local-network-v6", "connect to fdfe:1::1", Kind::tcp, "fdfe:1::1", 80},
    Way{"host-slirp", "connect to the host as slirp4netns shows it", Kind::tcp, "10.0.2.2", 22},
    Way{"host-slirp-dns", "ask slirp4netns's own name server", Kind::udp, "10.0.2.3", 53},
    Way{"host-pasta", "connect to the host as pasta shows it", Kind::tcp, "169.254.1.1", 22},
    Way{"host-pasta-dns", "ask pasta's own name server", Kind::udp, "169.254.1.1", 53},
    Way{"host-gateway", "connect to the gateway", Kind::gateway, "", 443, k_core},
    Way{"virtual-without-name", "connect to a virtual address that no name has", Kind::proxy, "198.19.255.77", 443},
    Way{"proxy-directly", "ask the proxy itself on its own port", Kind::proxy, "127.0.0.1", protocol::k_proxy_port},
};

} // namespace agentbox::attacks
