// SPDX-License-Identifier: Apache-2.0
#include "entrypoint/gate.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <netinet/in.h>
#include <poll.h>
#include <string_view>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "entrypoint/entrypoint_message.hpp"
#include "entrypoint/gate_message.hpp"
#include "protocol/protocol.hpp"

namespace agentbox::entrypoint {
namespace {

constexpr int k_dns_deadline_ms = 2000;
// Pods that Podman or Kubernetes start are locked before anything else runs, and their firewall may start at the same
// time as we do.
constexpr int k_locked_deadline_ms = 30'000;
constexpr int k_dns_wait_ms = 100;
constexpr int k_dns_pause_ms = 10;
// Microseconds on an idle machine; a loaded one may need longer to schedule us.
constexpr int k_connect_deadline_ms = 1000;

constexpr std::string_view k_nothing_started = "; nothing was started. Start the box with agentbox";

std::int64_t now_ms() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

void pause_ms(int milliseconds) {
  const timespec length{0, milliseconds * 1'000'000L};
  nanosleep(&length, nullptr);
}

sockaddr_in address(std::uint32_t ip, std::uint16_t port) {
  sockaddr_in result{};
  result.sin_family = AF_INET;
  result.sin_addr.s_addr = htonl(ip);
  result.sin_port = htons(port);
  return result;
}

int start_connect(int fd, const sockaddr_in& to) {
  return connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to); // NOLINT(*-reinterpret-cast): socket API
}

bool readable(int fd, int timeout_ms) {
  pollfd watched{fd, POLLIN, 0};
  return poll(&watched, 1, timeout_ms) > 0;
}

/// Returns a socket that sends to the resolver; -1 on failure.
int resolver_socket() {
  const sockaddr_in resolver = address(protocol::k_resolver_address_v4, protocol::k_resolver_port);
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd >= 0 && start_connect(fd, resolver) != 0) {
    close(fd);
    return -1;
  }
  return fd;
}

/// Sends one question and returns the answer, or `unrelated` if none arrives.
GateAnswer ask(std::string_view nonce) {
  const int fd = resolver_socket();
  if (fd < 0) {
    return GateAnswer::unrelated;
  }
  std::uint16_t id = 0;
  if (getrandom(&id, sizeof id, 0) != sizeof id) {
    id = static_cast<std::uint16_t>(now_ms());
  }
  const GateQuery query = gate_query(id);
  GateAnswer answer = GateAnswer::unrelated;
  if (send(fd, query.data(), query.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(query.size())) {
    while (answer == GateAnswer::unrelated && readable(fd, k_dns_wait_ms)) {
      std::array<std::uint8_t, 1024> buffer{};
      const ssize_t count = recv(fd, buffer.data(), buffer.size(), 0);
      if (count < 0) {
        break; // ECONNREFUSED: not listening yet
      }
      answer = read_gate_answer(std::span(buffer).first(static_cast<std::size_t>(count)), query, nonce);
    }
  }
  close(fd);
  return answer;
}

/// Returns the errno of a connection attempt to 192.0.2.1:9; 0 if it succeeded, ETIMEDOUT without an answer.
int probe_blocked_address() {
  const sockaddr_in nobody = address(protocol::k_refused_address_v4, protocol::k_refused_port);
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) {
    return errno;
  }
  int error = start_connect(fd, nobody) == 0 ? 0 : errno;
  if (error == EINPROGRESS) {
    pollfd watched{fd, POLLOUT, 0};
    socklen_t size = sizeof error;
    if (poll(&watched, 1, k_connect_deadline_ms) <= 0) {
      error = ETIMEDOUT;
    } else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
      error = errno;
    }
  }
  close(fd);
  return error;
}

// While the ruleset is in force nothing leaves the box, so a firewall that starts slowly can be waited for.
void require_firewall_answers(std::string_view nonce) {
  const std::int64_t start = now_ms();
  std::int64_t deadline = start + k_dns_deadline_ms;
  while (true) {
    switch (ask(nonce)) {
    case GateAnswer::right: return;
    case GateAnswer::wrong:
      die(k_refused, {"refused: the resolver at 127.0.0.1:53 is not this box's firewall", k_nothing_started});
    case GateAnswer::unrelated: break;
    }
    if (now_ms() >= deadline && deadline < start + k_locked_deadline_ms && probe_blocked_address() == ECONNREFUSED) {
      deadline = start + k_locked_deadline_ms;
    }
    if (now_ms() >= deadline) {
      die(k_refused, {"refused: the firewall does not answer at 127.0.0.1:53", k_nothing_started});
    }
    pause_ms(k_dns_pause_ms);
  }
}

void require_ruleset() {
  const int error = probe_blocked_address();
  if (error == 0) {
    die(k_refused,
        {"refused: an unlisted address (192.0.2.1) can be reached: the ruleset is not loaded", k_nothing_started});
  }
  if (error != ECONNREFUSED) {
    die(k_refused, {"refused: connecting to 192.0.2.1 was not rejected by the firewall (", error_text(error),
                    "): the ruleset is not loaded", k_nothing_started});
  }
}

} // namespace

bool is_filtered() {
  const char* network = std::getenv(protocol::k_network_variable);
  return network != nullptr && std::string_view(network) == protocol::k_filtered;
}

void require_gate() {
  const char* network = std::getenv(protocol::k_network_variable);
  const std::string_view mode = network == nullptr ? "" : network;
  if (mode == protocol::k_full) {
    return;
  }
  if (mode != protocol::k_filtered) {
    die(k_refused, {"refused: AGENTBOX_NETWORK is neither filtered nor full", k_nothing_started});
  }
  const char* nonce = std::getenv(protocol::k_nonce_variable);
  require_firewall(nonce == nullptr ? "" : nonce);
}

void require_firewall(std::string_view nonce) {
  if (!protocol::is_nonce(nonce)) {
    die(k_refused, {"refused: AGENTBOX_GATE is missing or malformed", k_nothing_started});
  }
  require_firewall_answers(nonce);
  require_ruleset();
}

bool firewall_has_ended() {
  const int fd = resolver_socket();
  const GateQuery query = gate_query(0);
  std::uint8_t byte = 0;
  const bool refused = fd >= 0 && send(fd, query.data(), query.size(), MSG_NOSIGNAL) > 0 &&
                       readable(fd, k_dns_wait_ms) && recv(fd, &byte, sizeof byte, 0) < 0 && errno == ECONNREFUSED;
  close(fd);
  return refused;
}

} // namespace agentbox::entrypoint
