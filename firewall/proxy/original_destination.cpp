// SPDX-License-Identifier: Apache-2.0
#include "firewall/proxy/original_destination.hpp"

#include <arpa/inet.h>
#include <cstring>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace agentbox::firewall::proxy {

std::optional<Destination> original_destination(int socket) {
  Destination destination;
  sockaddr_in four{};
  socklen_t size = sizeof four;
  if (::getsockopt(socket, IPPROTO_IP, SO_ORIGINAL_DST, &four, &size) == 0 && four.sin_family == AF_INET) {
    destination.address[10] = destination.address[11] = 0xFF;
    std::memcpy(destination.address.data() + 12, &four.sin_addr, sizeof four.sin_addr);
    destination.port = ntohs(four.sin_port);
    return destination;
  }
  sockaddr_in6 six{};
  size = sizeof six;
  if (::getsockopt(socket, IPPROTO_IPV6, IP6T_SO_ORIGINAL_DST, &six, &size) == 0 && six.sin6_family == AF_INET6) {
    std::memcpy(destination.address.data(), &six.sin6_addr, sizeof six.sin6_addr);
    destination.port = ntohs(six.sin6_port);
    return destination;
  }
  return std::nullopt;
}

} // namespace agentbox::firewall::proxy
