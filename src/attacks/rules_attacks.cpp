// SPDX-License-Identifier: Apache-2.0
// Attempts to change the box's network: links, addresses, routes, rules, the firewall's ports.
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attacks/attack.hpp"
#include "attacks/attack_io.hpp"
#include "protocol/protocol.hpp"

namespace agentbox::attacks {
namespace {

constexpr int k_replace_iptables = 64; // IPT_SO_SET_REPLACE

/// Sends a request with one body and no attributes: the kernel checks the capability before anything else.
template <typename Body>
struct Request {
  nlmsghdr head{};
  Body body{};
};

template <typename Body>
AttackResult route_request(std::uint16_t type, const Body& body, std::uint16_t flags) {
  const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (fd < 0) {
    return attack_result(Verdict::inconclusive, errno_name(errno));
  }
  Request<Body> request;
  request.head.nlmsg_len = sizeof request;
  request.head.nlmsg_type = type;
  request.head.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
  request.body = body;
  std::array<char, 1024> answer{};
  if (send(fd, &request, sizeof request, 0) < 0) {
    return refused_with(-1, {EPERM});
  }
  const long count = read_within(fd, answer.data(), answer.size(), 1000);
  close(fd);
  nlmsgerr error{};
  if (count < static_cast<long>(sizeof(nlmsghdr) + sizeof error)) {
    return attack_result(Verdict::inconclusive, "no answer");
  }
  std::memcpy(&error, answer.data() + sizeof(nlmsghdr), sizeof error);
  if (error.error == 0) {
    return attack_result(Verdict::allowed, "it worked");
  }
  errno = -error.error;
  return refused_with(-1, {EPERM});
}

AttackResult loopback_down(const Expected&) {
  ifinfomsg link{};
  link.ifi_index = 1;
  link.ifi_change = IFF_UP;
  return route_request(RTM_NEWLINK, link, 0);
}

AttackResult add_link(const Expected&) {
  return route_request(RTM_NEWLINK, ifinfomsg{}, NLM_F_CREATE | NLM_F_EXCL);
}

AttackResult add_address(const Expected&) {
  ifaddrmsg address{};
  address.ifa_family = AF_INET;
  address.ifa_index = 1;
  return route_request(RTM_NEWADDR, address, NLM_F_CREATE);
}

rtmsg some_route() {
  rtmsg route{};
  route.rtm_family = AF_INET;
  route.rtm_table = RT_TABLE_MAIN;
  route.rtm_type = RTN_UNICAST;
  return route;
}

AttackResult add_route(const Expected&) {
  return route_request(RTM_NEWROUTE, some_route(), NLM_F_CREATE);
}

AttackResult delete_virtual_route(const Expected&) {
  rtmsg route = some_route();
  route.rtm_table = RT_TABLE_LOCAL;
  route.rtm_type = RTN_LOCAL;
  return route_request(RTM_DELROUTE, route, 0);
}

AttackResult add_policy_rule(const Expected&) {
  return route_request(RTM_NEWRULE, some_route(), NLM_F_CREATE);
}

AttackResult add_neighbour(const Expected&) {
  ndmsg neighbour{};
  neighbour.ndm_family = AF_INET;
  neighbour.ndm_ifindex = 1;
  return route_request(RTM_NEWNEIGH, neighbour, NLM_F_CREATE);
}

AttackResult add_queue(const Expected&) {
  tcmsg queue{};
  queue.tcm_ifindex = 1;
  return route_request(RTM_NEWQDISC, queue, NLM_F_CREATE);
}

AttackResult interface_flags(const Expected&) {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::memcpy(request.ifr_name, "lo", 3); // NOLINT(*-union-access)
  return refused_with(ioctl(fd, SIOCSIFFLAGS, &request), {EPERM});
}

AttackResult route_by_ioctl(const Expected&) {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  rtentry route{};
  return refused_with(ioctl(fd, SIOCADDRT, &route), {EPERM});
}

AttackResult flush_iptables(const Expected&) {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  std::array<char, 96> nothing{};
  return refused_with(setsockopt(fd, IPPROTO_IP, k_replace_iptables, nothing.data(), nothing.size()),
                      {EPERM, ENOPROTOOPT});
}

/// Tries to bind to one of the firewall's ports, with SO_REUSEADDR and SO_REUSEPORT.
template <int type, std::uint16_t port>
AttackResult squat(const Expected& expected) {
  if (!expected.filtered) {
    return attack_result(Verdict::skipped, "full network");
  }
  for (const char* address : {"127.0.0.1", "0.0.0.0", "::"}) {
    const Address at = address_of(address, port);
    const int fd = socket(at.storage.ss_family, type | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    const AttackResult result = refused_with(bind(fd, at.generic(), at.length), {EACCES, EADDRINUSE});
    close(fd);
    if (result.verdict != Verdict::stopped) {
      return result;
    }
  }
  return attack_result(Verdict::stopped, "EACCES");
}

template <const char* const& path>
AttackResult write_sysctl(const Expected&) {
  return refused_with(open(path, O_WRONLY | O_CLOEXEC), {EROFS, EACCES, ENOENT, EPERM});
}

constexpr const char* k_unprivileged_ports = "/proc/sys/net/ipv4/ip_unprivileged_port_start";
constexpr const char* k_route_localnet = "/proc/sys/net/ipv4/conf/all/route_localnet";

constexpr const char* k_defence = "capability sets";
constexpr std::array k_attacks = {
    Attack{"loopback-down", "take the loopback interface down", k_defence, loopback_down},
    Attack{"loopback-down-ioctl", "take it down with ioctl", k_defence, interface_flags},
    Attack{"add-link", "add an interface", k_defence, add_link},
    Attack{"add-address", "add an address", k_defence, add_address},
    Attack{"add-route", "add a route", k_defence, add_route, k_core},
    Attack{"add-route-ioctl", "add a route with ioctl", k_defence, route_by_ioctl},
    Attack{"delete-virtual-route", "delete the route of the virtual addresses", k_defence, delete_virtual_route},
    Attack{"add-policy-rule", "add a routing rule", k_defence, add_policy_rule},
    Attack{"add-neighbour", "add a neighbour", k_defence, add_neighbour},
    Attack{"add-queue", "add a queueing discipline (tc)", k_defence, add_queue},
    Attack{"flush-iptables", "replace the rules through the old interface", k_defence, flush_iptables},
    Attack{"squat-proxy", "bind to the proxy's port", "low ports", squat<SOCK_STREAM, protocol::k_proxy_port>, k_core},
    Attack{"squat-resolver", "bind to the resolver's port", "low ports", squat<SOCK_DGRAM, 53>},
    Attack{"squat-resolver-tcp", "bind to the resolver's TCP port", "low ports", squat<SOCK_STREAM, 53>},
    Attack{"free-low-ports", "make low ports available to everybody", "mounts", write_sysctl<k_unprivileged_ports>},
    Attack{"route-localnet", "route loopback addresses outside", "mounts", write_sysctl<k_route_localnet>},
    Attack{"control-high-port", "listen on a high port", "allowed",
           [](const Expected&) {
             const Address at = address_of("127.0.0.1", 0);
             return must_work(bind(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), at.generic(), at.length));
           }},
};

} // namespace

AttackFamily rule_attacks() {
  return {"rules", k_attacks};
}

} // namespace agentbox::attacks
