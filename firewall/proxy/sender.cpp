// SPDX-License-Identifier: Apache-2.0
#include "firewall/proxy/sender.hpp"

#include <poll.h>
#include <sys/socket.h>

namespace agentbox::firewall::proxy {

Sender sender_of(int fd) {
  pollfd state{fd, POLLRDHUP, 0};
  if (::poll(&state, 1, 0) <= 0) {
    return Sender::open;
  }
  const auto events = static_cast<unsigned>(state.revents);
  if ((events & (POLLERR | POLLHUP | POLLNVAL)) != 0) {
    return Sender::gone;
  }
  char next = 0;
  return ::recv(fd, &next, 1, MSG_PEEK | MSG_DONTWAIT) == 0 ? Sender::done : Sender::open;
}

} // namespace agentbox::firewall::proxy
