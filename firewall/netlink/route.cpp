// SPDX-License-Identifier: Apache-2.0
#include "firewall/netlink/route.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <map>
#include <net/if.h>
#include <string>
#include <string_view>
#include <sys/socket.h>

#include "firewall/netlink/netlink.hpp"
#include "support/error.hpp"

namespace agentbox::firewall::netlink {
namespace {

using support::ExitCode;

constexpr std::uint8_t k_fallback_table = 249;       // not one of those that iproute2 reserves (rt_tables)
constexpr std::uint32_t k_fallback_priority = 40000; // after `main` (32766) and `default` (32767)
constexpr int k_loopback = 1; // LOOPBACK_IFINDEX: `lo` is the first interface of every network namespace

void raise_loopback(NetlinkSocket& socket) {
  NetlinkRequest request(RTM_NEWLINK, 0);
  auto& link = request.body<ifinfomsg>();
  link.ifi_index = k_loopback;
  link.ifi_flags = IFF_UP;
  link.ifi_change = IFF_UP;
  if (const int error = socket.exchange(request); error != 0) {
    throw support::system_error(ExitCode::failed, "cannot bring up the box's loopback interface", error);
  }
}

/// Adds a route like `ip route replace default dev lo [src 127.0.0.1] table k_fallback_table`. Without `src`, an IPv4
/// packet would have no source address for a reset while `lo` is the only interface.
int add_fallback_route(NetlinkSocket& socket, int family) {
  NetlinkRequest request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE);
  auto& route = request.body<rtmsg>();
  route.rtm_family = static_cast<unsigned char>(family);
  route.rtm_table = k_fallback_table;
  route.rtm_protocol = RTPROT_STATIC;
  route.rtm_scope = RT_SCOPE_LINK;
  route.rtm_type = RTN_UNICAST;
  mnl_attr_put_u32(request.header(), RTA_OIF, k_loopback);
  if (family == AF_INET) {
    mnl_attr_put_u32(request.header(), RTA_PREFSRC, htonl(INADDR_LOOPBACK));
  }
  return socket.exchange(request);
}

/// Adds a rule like `ip rule add not fwmark MARK lookup k_fallback_table priority k_fallback_priority`.
int add_fallback_rule(NetlinkSocket& socket, int family, std::uint32_t mark) {
  NetlinkRequest request(RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL);
  auto& rule = request.body<fib_rule_hdr>();
  rule.family = static_cast<std::uint8_t>(family);
  rule.table = k_fallback_table;
  rule.action = FR_ACT_TO_TBL;
  rule.flags = FIB_RULE_INVERT;
  mnl_attr_put_u32(request.header(), FRA_FWMARK, mark);
  mnl_attr_put_u32(request.header(), FRA_PRIORITY, k_fallback_priority);
  const int error = socket.exchange(request);
  return error == EEXIST ? 0 : error; // left by a firewall that served here before
}

/// Returns whether an IPv6 route failed with `error` because the kernel or `lo` has no IPv6.
bool means_no_ipv6(int error) {
  return error == EAFNOSUPPORT || error == EOPNOTSUPP || error == EACCES || error == ENODEV;
}

/// Appends the address in `payload`, of 4 or 16 bytes, as 16 bytes; does nothing for other lengths.
void append_address(std::string_view payload, std::vector<Address16>& to) {
  Address16 address{};
  if (payload.size() == 4) {
    address[10] = address[11] = 0xFF;
    std::memcpy(address.data() + 12, payload.data(), 4);
  } else if (payload.size() == 16) {
    std::memcpy(address.data(), payload.data(), 16);
  } else {
    return;
  }
  if (std::find(to.begin(), to.end(), address) == to.end()) {
    to.push_back(address);
  }
}

/// Returns the messages of a dump of `type`, of one family or all.
std::vector<std::string> list(std::uint16_t type, int family = AF_UNSPEC) {
  NetlinkRequest request(type, 0);
  request.body<rtgenmsg>().rtgen_family = static_cast<unsigned char>(family);
  return dump(request);
}

const nlmsghdr* header_of(const std::string& message) {
  return reinterpret_cast<const nlmsghdr*>(message.data());
}

} // namespace

void add_local_route(const policy::VirtualRange& range) {
  NetlinkSocket socket(NETLINK_ROUTE);
  raise_loopback(socket);
  NetlinkRequest request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE);
  auto& route = request.body<rtmsg>();
  route.rtm_family = AF_INET;
  route.rtm_dst_len = range.prefix;
  route.rtm_table = RT_TABLE_LOCAL;
  route.rtm_protocol = RTPROT_STATIC;
  route.rtm_scope = RT_SCOPE_HOST;
  route.rtm_type = RTN_LOCAL;
  mnl_attr_put_u32(request.header(), RTA_DST, htonl(range.base));
  mnl_attr_put_u32(request.header(), RTA_OIF, k_loopback);
  if (const int error = socket.exchange(request); error != 0) {
    throw support::system_error(ExitCode::failed, "cannot add the local route for " + range.text(), error);
  }
}

void add_fallback_routes(std::uint32_t mark) {
  NetlinkSocket socket(NETLINK_ROUTE);
  for (const int family : {AF_INET, AF_INET6}) {
    int error = add_fallback_route(socket, family);
    if (family == AF_INET6 && means_no_ipv6(error)) {
      continue;
    }
    if (error == 0) {
      error = add_fallback_rule(socket, family, mark);
    }
    if (error != 0) {
      throw support::system_error(ExitCode::failed, "cannot add the fallback route through the loopback interface",
                                  error, "the kernel needs CONFIG_IP_MULTIPLE_TABLES and CONFIG_IPV6_MULTIPLE_TABLES");
    }
  }
}

std::vector<Address16> default_gateways(int family) {
  std::multimap<std::uint32_t, Address16> found; // by metric
  for (const std::string& message : list(RTM_GETROUTE, family)) {
    const auto* const route = static_cast<const rtmsg*>(mnl_nlmsg_get_payload(header_of(message)));
    if (route->rtm_family != family || route->rtm_dst_len != 0 || route->rtm_table != RT_TABLE_MAIN) {
      continue;
    }
    std::vector<Address16> gateway;
    std::uint32_t metric = 0;
    for_each_attribute(header_of(message), sizeof(rtmsg), [&](unsigned type, std::string_view payload) {
      if (type == RTA_GATEWAY) {
        append_address(payload, gateway);
      } else if (type == RTA_PRIORITY && payload.size() == sizeof metric) {
        std::memcpy(&metric, payload.data(), sizeof metric);
      }
    });
    if (!gateway.empty()) {
      found.emplace(metric, gateway.front());
    }
  }
  std::vector<Address16> gateways;
  for (const auto& [metric, address] : found) {
    gateways.push_back(address);
  }
  return gateways;
}

std::vector<Address16> own_addresses() {
  std::vector<Address16> found;
  const auto collect = [&found](std::uint16_t dump_type, unsigned body, unsigned wanted, unsigned also_wanted) {
    for (const std::string& message : list(dump_type)) {
      for_each_attribute(header_of(message), body, [&](unsigned type, std::string_view payload) {
        if (type == wanted || type == also_wanted) {
          append_address(payload, found);
        }
      });
    }
  };
  collect(RTM_GETADDR, sizeof(ifaddrmsg), IFA_ADDRESS, IFA_LOCAL);
  collect(RTM_GETROUTE, sizeof(rtmsg), RTA_GATEWAY, RTA_GATEWAY);
  return found;
}

} // namespace agentbox::firewall::netlink
