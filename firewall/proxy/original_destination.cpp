// SPDX-License-Identifier: Apache-2.0
#include "firewall/proxy/original_destination.hpp"

#include <arpa/inet.h>
#include <linux/netfilter_ipv4.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace agentbox::firewall::proxy {

std::optional<Destination> original_destination(int socket) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (::getsockopt(socket, IPPROTO_IP, SO_ORIGINAL_DST, &address, &size) != 0 || address.sin_family != AF_INET) {
    return std::nullopt;
  }
  return Destination{ntohl(address.sin_addr.s_addr), ntohs(address.sin_port)};
}

} // namespace agentbox::firewall::proxy
