// SPDX-License-Identifier: Apache-2.0
#include "entrypoint/callback_relay.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <string_view>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "entrypoint/entrypoint_message.hpp"

namespace agentbox::entrypoint {
namespace {

// NOLINTBEGIN(*-reinterpret-cast): socket API

/// Returns a socket that listens at the box's first IPv4 address that is not loopback, or -1.
int listen_outside(std::uint16_t port) {
  ifaddrs* interfaces = nullptr;
  int fd = -1;
  if (getifaddrs(&interfaces) != 0) {
    return -1;
  }
  for (const ifaddrs* one = interfaces; one != nullptr && fd < 0; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || one->ifa_addr->sa_family != AF_INET || (one->ifa_flags & IFF_LOOPBACK) != 0) {
      continue;
    }
    sockaddr_in address = *reinterpret_cast<const sockaddr_in*>(one->ifa_addr);
    address.sin_port = htons(port);
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || listen(fd, 8) != 0) {
      close(fd);
      fd = -1;
    }
  }
  freeifaddrs(interfaces);
  return fd;
}

bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno != EINTR) {
      return false;
    }
    bytes.remove_prefix(count > 0 ? static_cast<std::size_t>(count) : 0);
  }
  return true;
}

/// Copies bytes between two sockets until both sides have closed theirs.
void copy_both_ways(int a, int b) {
  std::array<pollfd, 2> ends{{{a, POLLIN, 0}, {b, POLLIN, 0}}};
  std::array<char, 16384> buffer{};
  while ((ends[0].fd >= 0 || ends[1].fd >= 0) && (poll(ends.data(), ends.size(), -1) > 0 || errno == EINTR)) {
    for (std::size_t i = 0; i < ends.size(); ++i) {
      if (ends[i].fd < 0 || ends[i].revents == 0) {
        continue;
      }
      const int to = i == 0 ? b : a;
      const ssize_t count = recv(ends[i].fd, buffer.data(), buffer.size(), 0);
      if (count <= 0 || !send_all(to, {buffer.data(), static_cast<std::size_t>(count)})) {
        shutdown(to, SHUT_WR);
        ends[i].fd = -1;
      }
    }
  }
}

void relay(int client, std::uint16_t port) {
  sockaddr_in inside{};
  inside.sin_family = AF_INET;
  inside.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  inside.sin_port = htons(port);
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd >= 0 && connect(fd, reinterpret_cast<const sockaddr*>(&inside), sizeof inside) == 0) {
    copy_both_ways(client, fd);
  }
}

// NOLINTEND(*-reinterpret-cast)

} // namespace

void relay_callback(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) {
    die(k_usage, {text, " is not a port"});
  }
  const int listener = listen_outside(port);
  const pid_t parent = getpid();
  const pid_t child = listener < 0 ? -1 : fork();
  if (child < 0) {
    die(k_failed, {"cannot listen for the answer of the sign-in: ", error_text(errno)});
  }
  if (child > 0) {
    close(listener);
    return;
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  signal(SIGCHLD, SIG_IGN); // no zombies
  while (getppid() == parent) {
    const int client = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (client >= 0 && fork() == 0) {
      close(listener);
      relay(client, port);
      _exit(0);
    }
    close(client);
  }
  _exit(0);
}

} // namespace agentbox::entrypoint
