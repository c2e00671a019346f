// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cerrno>

#include <linux/netlink.h>
#include <netinet/in.h>

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attacks/attack.hpp"
#include "attacks/attack_io.hpp"

namespace agentbox::attacks {
namespace {

template <int family, int type, int protocol>
AttackResult open_socket(const Expected&) {
  // EPROTONOSUPPORT and EPERM: the family is allowed, but the kernel lacks the protocol or requires a capability.
  return refused_with(socket(family, type, protocol), {EAFNOSUPPORT, EPROTONOSUPPORT, EPERM, ESOCKTNOSUPPORT});
}

/// Tries all families, and a few numbers beyond, with all socket types.
AttackResult every_other_family(const Expected&) {
  constexpr int k_families = 64;
  for (int family = 0; family < k_families; ++family) {
    if (family == AF_UNIX || family == AF_INET || family == AF_INET6 || family == AF_NETLINK) {
      continue;
    }
    for (const int type : {SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET}) {
      if (socket(family, type, 0) >= 0) {
        return attack_result(Verdict::allowed, "a family other than UNIX, INET, INET6, NETLINK");
      }
      if (errno != EAFNOSUPPORT) {
        return attack_result(Verdict::inconclusive, errno_name(errno));
      }
    }
  }
  return attack_result(Verdict::stopped, "EAFNOSUPPORT for 60 families");
}

/// Tries all of netlink except routing: netfilter, xfrm, audit, connector, uevents, generic…
AttackResult every_other_netlink(const Expected&) {
  for (int protocol = 1; protocol < 32; ++protocol) {
    if (socket(AF_NETLINK, SOCK_RAW, protocol) >= 0) {
      return attack_result(Verdict::allowed, "a netlink protocol other than ROUTE");
    }
    if (errno != EAFNOSUPPORT) {
      return attack_result(Verdict::inconclusive, errno_name(errno));
    }
  }
  return attack_result(Verdict::stopped, "EAFNOSUPPORT for 31 protocols");
}

/// Arguments have 64 bits for the filter and 32 for the kernel: the upper half must not bypass the filter.
AttackResult family_with_high_bits(const Expected&) {
  constexpr long k_high = 0x100000000;
  const long packet = syscall(SYS_socket, k_high | AF_PACKET, SOCK_RAW, 0);
  return refused_with(packet, {EAFNOSUPPORT});
}

template <int level, int option>
AttackResult set_option(const Expected&) {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const int value = 0x61676278; // the firewall's mark: sockets that have it may leave the box
  return refused_with(setsockopt(fd, level, option, &value, sizeof value), {EPERM});
}

template <int family, int type, int protocol>
AttackResult must_open(const Expected&) {
  return must_work(socket(family, type, protocol));
}

constexpr const char* k_defence = "seccomp";
constexpr std::array k_attacks = {
    Attack{"socket-packet", "send arbitrary frames (AF_PACKET)", k_defence, open_socket<AF_PACKET, SOCK_RAW, 0>,
           k_core},
    Attack{"socket-packet-dgram", "listen to the network (AF_PACKET, SOCK_DGRAM)", k_defence,
           open_socket<AF_PACKET, SOCK_DGRAM, 0>},
    Attack{"socket-raw", "send arbitrary IP packets", "capability sets", open_socket<AF_INET, SOCK_RAW, IPPROTO_RAW>,
           k_core},
    Attack{"socket-raw-tcp", "forge TCP segments", "capability sets", open_socket<AF_INET, SOCK_RAW, IPPROTO_TCP>},
    Attack{"socket-raw-icmp", "send ICMP by a raw socket", "capability sets",
           open_socket<AF_INET, SOCK_RAW, IPPROTO_ICMP>},
    Attack{"socket-raw-v6", "send arbitrary IPv6 packets", "capability sets",
           open_socket<AF_INET6, SOCK_RAW, IPPROTO_RAW>},
    Attack{"socket-raw-icmp6", "send router advertisements (ICMPv6)", "capability sets",
           open_socket<AF_INET6, SOCK_RAW, IPPROTO_ICMPV6>},
    Attack{"socket-vsock", "reach a hypervisor (AF_VSOCK)", k_defence, open_socket<AF_VSOCK, SOCK_STREAM, 0>},
    Attack{"socket-alg", "use the kernel's ciphers (AF_ALG)", k_defence, open_socket<AF_ALG, SOCK_SEQPACKET, 0>},
    Attack{"socket-netfilter", "talk to nf_tables", k_defence, open_socket<AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER>,
           k_core},
    Attack{"socket-other-netlink", "speak any netlink but ROUTE", k_defence, every_other_netlink},
    Attack{"socket-other-family", "open a socket of any other family", k_defence, every_other_family},

    Attack{"socket-high-bits", "hide a family behind bits the kernel ignores", k_defence, family_with_high_bits},

    Attack{"socket-pair-tipc", "make a pair of sockets of another family", k_defence,
           [](const Expected&) {
             std::array<int, 2> ends{};
             return refused_with(socketpair(AF_TIPC, SOCK_STREAM, 0, ends.data()), {EAFNOSUPPORT});
           }},
    Attack{"socket-mark", "mark packets as the firewall's", "capability sets", set_option<SOL_SOCKET, SO_MARK>, k_core},
    Attack{"socket-transparent", "send from others' addresses (IP_TRANSPARENT)", "capability sets",
           set_option<IPPROTO_IP, IP_TRANSPARENT>},
    Attack{"socket-buffer-force", "take the kernel's memory (SO_RCVBUFFORCE)", "capability sets",
           set_option<SOL_SOCKET, SO_RCVBUFFORCE>},
    Attack{"control-tcp", "open a TCP socket", "allowed", must_open<AF_INET, SOCK_STREAM, 0>},
    Attack{"control-tcp6", "open an IPv6 socket", "allowed", must_open<AF_INET6, SOCK_STREAM, 0>},
    Attack{"control-unix", "open a Unix socket", "allowed", must_open<AF_UNIX, SOCK_STREAM, 0>},
    Attack{"control-netlink-route", "ask which interfaces there are", "allowed",
           must_open<AF_NETLINK, SOCK_RAW, NETLINK_ROUTE>},
};

} // namespace

AttackFamily socket_attacks() {
  return {"sockets", k_attacks};
}

} // namespace agentbox::attacks
