// SPDX-License-Identifier: Apache-2.0
// The connections that network_attacks.cpp attempts, as data.
#pragma once
#include <array>
#include <cstdint>

#include "protocol/protocol.hpp"

namespace agentbox::attacks {

/// The kind of socket and connection that is attempted.
enum class AttemptKind {
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

/// One attempt. The address is in the form of inet_pton(3).
struct NetworkAttempt {
  const char* name;
  const char* tried;
  AttemptKind kind;
  const char* address;
  std::uint16_t port;
  bool core = false;
};

inline constexpr const char* k_evil = "198.51.100.10";
inline constexpr const char* k_evil6 = "2001:db8:51::10";

inline constexpr std::array k_attempts = {
    NetworkAttempt{"tcp-evil-https", "connect to 198.51.100.10:443", AttemptKind::tcp, k_evil, 443, k_core},
    NetworkAttempt{"tcp-evil-http", "connect to 198.51.100.10:80", AttemptKind::tcp, k_evil, 80},
    NetworkAttempt{"tcp-evil-ssh", "connect to 198.51.100.10:22", AttemptKind::tcp, k_evil, 22},
    NetworkAttempt{"tcp-evil-dns", "ask 198.51.100.10 for names (TCP)", AttemptKind::tcp, k_evil, 53},
    NetworkAttempt{"tcp-evil-dot", "ask 198.51.100.10 for names (TLS)", AttemptKind::tcp, k_evil, 853},
    NetworkAttempt{"tcp-evil-odd-port", "connect to 198.51.100.10:31337", AttemptKind::tcp, k_evil, 31337},
    NetworkAttempt{"tcp-allowed-by-address", "connect to a listed host by its address", AttemptKind::tcp, "203.0.113.7",
                   443},
    NetworkAttempt{"tcp-mapped-v4", "connect to ::ffff:198.51.100.10 (IPv4 in IPv6)", AttemptKind::tcp,
                   "::ffff:198.51.100.10", 443},
    NetworkAttempt{"tcp-v6", "connect to 2001:db8:51::10:443", AttemptKind::tcp, k_evil6, 443, k_core},
    NetworkAttempt{"tcp-nat64", "connect to 64:ff9b::c633:640a (NAT64)", AttemptKind::tcp, "64:ff9b::198.51.100.10",
                   443},
    NetworkAttempt{"tcp-6to4", "connect to 2002:c633:640a::1 (6to4)", AttemptKind::tcp, "2002:c633:640a::1", 443},
    NetworkAttempt{"tcp-fast-open", "send data with the first packet (TCP Fast Open)", AttemptKind::fast_open, k_evil,
                   443},
    NetworkAttempt{"tcp-multipath", "connect with Multipath TCP", AttemptKind::mptcp, k_evil, 443},
    NetworkAttempt{"tcp-bound-device", "connect, bound to the outer interface", AttemptKind::device, k_evil, 443},
    NetworkAttempt{"tcp-loopback-source", "connect from 127.0.0.1", AttemptKind::source, k_evil, 443},
    NetworkAttempt{"sctp", "connect with SCTP", AttemptKind::sctp, k_evil, 443},
    NetworkAttempt{"dccp", "connect with DCCP", AttemptKind::dccp, k_evil, 443},
    NetworkAttempt{"udp-quic", "send QUIC to 198.51.100.10:443", AttemptKind::udp, k_evil, 443, k_core},
    NetworkAttempt{"udp-dns", "ask 198.51.100.10 for names", AttemptKind::udp, k_evil, 53, k_core},
    NetworkAttempt{"udp-dns-local-network", "ask a name server in the local network", AttemptKind::udp, "192.0.2.1",
                   53},
    NetworkAttempt{"udp-ntp", "ask 198.51.100.10 for the time", AttemptKind::udp, k_evil, 123},
    NetworkAttempt{"udp-odd-port", "send UDP to 198.51.100.10:31337", AttemptKind::udp, k_evil, 31337},
    NetworkAttempt{"udp-v6", "send UDP to 2001:db8:51::10:443", AttemptKind::udp, k_evil6, 443},
    NetworkAttempt{"udp-lite", "send UDP-Lite to 198.51.100.10", AttemptKind::udplite, k_evil, 443},
    NetworkAttempt{"udp-broadcast", "broadcast (DHCP)", AttemptKind::broadcast, "255.255.255.255", 67},
    NetworkAttempt{"udp-mdns", "ask the neighbours for names (mDNS)", AttemptKind::udp, "224.0.0.251", 5353},
    NetworkAttempt{"udp-ssdp", "look for devices (SSDP)", AttemptKind::udp, "239.255.255.250", 1900},
    NetworkAttempt{"udp-mdns-v6", "ask the neighbours for names (mDNS, IPv6)", AttemptKind::udp, "ff02::fb", 5353},
    NetworkAttempt{"icmp", "ping 198.51.100.10", AttemptKind::ping, k_evil, 0},
    NetworkAttempt{"icmp-v6", "ping 2001:db8:51::10", AttemptKind::ping6, k_evil6, 0},
    NetworkAttempt{"metadata", "connect to the cloud's metadata (169.254.169.254)", AttemptKind::tcp, "169.254.169.254",
                   80, k_core},
    NetworkAttempt{"metadata-mapped", "connect to ::ffff:169.254.169.254", AttemptKind::tcp, "::ffff:169.254.169.254",
                   80},
    NetworkAttempt{"metadata-v6", "connect to fd00:ec2::254 (metadata, IPv6)", AttemptKind::tcp, "fd00:ec2::254", 80},
    NetworkAttempt{"metadata-nat64", "connect to 64:ff9b::a9fe:a9fe (metadata by NAT64)", AttemptKind::tcp,
                   "64:ff9b::169.254.169.254", 80},
    NetworkAttempt{"metadata-tasks", "connect to 169.254.170.2 (task credentials)", AttemptKind::tcp, "169.254.170.2",
                   80},
    NetworkAttempt{"metadata-alibaba", "connect to 100.100.100.200", AttemptKind::tcp, "100.100.100.200", 80},
    NetworkAttempt{"metadata-azure", "connect to 168.63.129.16", AttemptKind::tcp, "168.63.129.16", 80},
    NetworkAttempt{"local-network", "connect to 192.0.2.99 in the local network", AttemptKind::tcp, "192.0.2.99", 443,
                   k_core},
    NetworkAttempt{"local-network-10", "connect to 10.0.0.1", AttemptKind::tcp, "10.0.0.1", 80},
    NetworkAttempt{"local-network-172", "connect to 172.16.0.1", AttemptKind::tcp, "172.16.0.1", 80},
    NetworkAttempt{"local-network-192", "connect to 192.168.0.1", AttemptKind::tcp, "192.168.0.1", 80},
    NetworkAttempt{"local-network-v6", "connect to fdfe:1::1", AttemptKind::tcp, "fdfe:1::1", 80},
    NetworkAttempt{"host-slirp", "connect to the host as slirp4netns shows it", AttemptKind::tcp, "10.0.2.2", 22},
    NetworkAttempt{"host-slirp-dns", "ask slirp4netns's own name server", AttemptKind::udp, "10.0.2.3", 53},
    NetworkAttempt{"host-pasta", "connect to the host as pasta shows it", AttemptKind::tcp, "169.254.1.1", 22},
    NetworkAttempt{"host-pasta-dns", "ask pasta's own name server", AttemptKind::udp, "169.254.1.1", 53},
    NetworkAttempt{"host-gateway", "connect to the gateway", AttemptKind::gateway, "", 443, k_core},
    NetworkAttempt{"virtual-without-name", "connect to a virtual address that no name has", AttemptKind::proxy,
                   "198.19.255.77", 443},
    NetworkAttempt{"proxy-directly", "ask the proxy itself on its own port", AttemptKind::proxy, "127.0.0.1",
                   protocol::k_proxy_port},
};

} // namespace agentbox::attacks
