// SPDX-License-Identifier: Apache-2.0
// Attempts to bypass the firewall's proxy. Destinations are in the documentation ranges (RFC 5737, RFC 3849), where
// nothing listens, or are services of clouds and local networks that must not be reachable. Each attempt sends the
// bytes "agentbox-attack:NAME." if it gets out, so that a listener can tell them apart.
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include "attacks/attack.hpp"
#include "attacks/attack_io.hpp"
#include "attacks/network_attempts.hpp"

namespace agentbox::attacks {
namespace {

constexpr int k_mptcp = 262; // IPPROTO_MPTCP, newer than some C libraries
constexpr int k_dccp = 33;
constexpr int k_wait_ms = 400;
constexpr int k_connect_ms = 1000; // the firewall refuses within microseconds

/// Judges `error`. The ruleset answers TCP with a reset, the rest with "administratively prohibited", which a local
/// sender sees as EPERM, EACCES or EHOSTUNREACH. ENETUNREACH: there is no route, so no packet was made.
AttackResult judge(int error) {
  switch (error) {
  case 0: return attack_result(Verdict::allowed, "it left the box");
  case ECONNREFUSED:
  case EPERM:
  case EACCES:
  case EHOSTUNREACH:
  case ENETUNREACH: return attack_result(Verdict::stopped, errno_name(error));
  default: return attack_result(Verdict::inconclusive, errno_name(error));
  }
}

/// Returns "stopped" if errno means that the kernel creates no socket for this protocol.
AttackResult no_socket() {
  for (const int ours : {EAFNOSUPPORT, EPROTONOSUPPORT, ESOCKTNOSUPPORT, EPERM, EACCES, ENOPROTOOPT}) {
    if (errno == ours) {
      return attack_result(Verdict::stopped, errno_name(errno));
    }
  }
  return attack_result(Verdict::inconclusive, errno_name(errno));
}

class Marker {
public:
  explicit Marker(const NetworkAttempt& attempt) {
    add("agentbox-attack:");
    add(attempt.name);
    add(".");
  }
  std::string_view text() const { return {m_bytes.data(), m_length}; }

private:
  void add(std::string_view part) {
    std::memcpy(m_bytes.data() + m_length, part.data(), part.size());
    m_length += part.size();
  }
  std::array<char, 80> m_bytes{};
  std::size_t m_length = 0;
};

/// Returns the default route's gateway, in network byte order; 0 for none.
std::uint32_t gateway() {
  const FileText routes("/proc/net/route");
  std::string_view rest = routes.text();
  while (!rest.empty()) {
    std::string_view line = next_line(rest);
    next_word(line);
    const std::string_view destination = next_word(line);
    const std::string_view hex = next_word(line);
    if (destination == "00000000") {
      std::uint32_t value = 0;
      for (const char c : hex) {
        const auto digit = static_cast<std::uint32_t>(c <= '9' ? c - '0' : c - 'A' + 10);
        value = value * 16 + digit;
      }
      return value;
    }
  }
  return 0;
}

/// Returns the index of the outer interface (slirp4netns: tap0, pasta: the host's name, a bridge: eth0); 0 for none.
unsigned outer_interface() {
  const std::array<const char*, 2> names = {"eth0", "tap0"};
  for (const char* name : names) {
    if (const unsigned index = if_nametoindex(name); index != 0) {
      return index;
    }
  }
  return if_nametoindex("lo") == 2 ? 1 : 2; // the other one
}

Address destination(const NetworkAttempt& attempt) {
  if (attempt.kind != AttemptKind::gateway) {
    Address to = address_of(attempt.address, attempt.port);
    if (to.storage.ss_family == AF_INET6) {
      auto& six = reinterpret_cast<sockaddr_in6&>(to.storage); // NOLINT(*-reinterpret-cast)
      six.sin6_scope_id = IN6_IS_ADDR_MULTICAST(&six.sin6_addr) ? outer_interface() : 0;
    }
    return to;
  }
  Address to = address_of("10.0.2.2", attempt.port);
  if (const std::uint32_t found = gateway(); found != 0) {
    reinterpret_cast<sockaddr_in&>(to.storage).sin_addr.s_addr = found; // NOLINT(*-reinterpret-cast)
  }
  return to;
}

int open_for(const NetworkAttempt& attempt, int family) {
  switch (attempt.kind) {
  case AttemptKind::mptcp: return socket(family, SOCK_STREAM, k_mptcp);
  case AttemptKind::sctp: return socket(family, SOCK_STREAM, IPPROTO_SCTP);
  case AttemptKind::dccp: return socket(family, SOCK_DCCP, k_dccp);
  case AttemptKind::udplite: return socket(family, SOCK_DGRAM, IPPROTO_UDPLITE);
  case AttemptKind::ping: return socket(family, SOCK_DGRAM, IPPROTO_ICMP);
  case AttemptKind::ping6: return socket(family, SOCK_DGRAM, IPPROTO_ICMPV6);
  case AttemptKind::udp:
  case AttemptKind::broadcast: return socket(family, SOCK_DGRAM, 0);
  default: return socket(family, SOCK_STREAM, 0);
  }
}

AttackResult send_datagram(const NetworkAttempt& attempt, int fd, const Address& to) {
  const Marker marker(attempt);
  std::array<char, 96> bytes{};
  std::size_t at = 0;
  if (attempt.kind == AttemptKind::ping || attempt.kind == AttemptKind::ping6) {
    bytes[0] =
        attempt.kind == AttemptKind::ping ? '\x08' : '\x80'; // echo request; the kernel fills in the rest of the header
    at = 8;
  }
  std::memcpy(bytes.data() + at, marker.text().data(), marker.text().size());
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
  return judge(datagram_result(fd, to, {bytes.data(), at + marker.text().size()}, k_wait_ms));
}

AttackResult open_fast(const NetworkAttempt& attempt, int fd, const Address& to) {
  const Marker marker(attempt);
  if (sendto(fd, marker.text().data(), marker.text().size(), MSG_FASTOPEN | MSG_NOSIGNAL, to.generic(), to.length) >=
      0) {
    return judge(0);
  }
  return judge(errno);
}

AttackResult connect_stream(const NetworkAttempt& attempt, int fd, const Address& to) {
  if (attempt.kind == AttemptKind::device) {
    std::array<char, IF_NAMESIZE> device{};
    if_indextoname(outer_interface(), device.data());
    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device.data(), static_cast<socklen_t>(std::strlen(device.data())));
  }
  if (attempt.kind == AttemptKind::source) {
    const Address from = address_of("127.0.0.1", 0);
    if (bind(fd, from.generic(), from.length) != 0) {
      return attack_result(Verdict::inconclusive, errno_name(errno));
    }
  }
  const int error = connect_result(fd, to, k_connect_ms);
  if (error != 0) {
    // The proxy may close the connection first.
    const bool ours = (attempt.kind == AttemptKind::source && error == EINVAL) ||
                      (attempt.kind == AttemptKind::proxy && error == ECONNRESET);
    return ours ? attack_result(Verdict::stopped, errno_name(error)) : judge(error);
  }
  const Marker marker(attempt);
  std::array<char, 160> request{};
  const std::string_view head =
      attempt.kind == AttemptKind::proxy ? "CONNECT 198.51.100.10:443 HTTP/1.1\r\nHost: " : "";
  std::memcpy(request.data(), head.data(), head.size());
  std::memcpy(request.data() + head.size(), marker.text().data(), marker.text().size());
  const ssize_t sent = send(fd, request.data(), head.size() + marker.text().size(), MSG_NOSIGNAL);
  if (attempt.kind != AttemptKind::proxy) {
    return judge(0);
  }
  // The proxy accepts every connection to a virtual address, and closes it if no name has that address.
  std::array<char, 64> answer{};
  const long count = sent < 0 ? 0 : read_within(fd, answer.data(), answer.size(), k_connect_ms);
  if (count > 0) {
    return attack_result(Verdict::allowed, "it was answered");
  }
  return count < 0 && errno != ECONNRESET && errno != EPIPE
             ? attack_result(Verdict::inconclusive, "no answer, and not closed")
             : attack_result(Verdict::stopped, "connection closed");
}

AttackResult make_attempt(const NetworkAttempt& attempt, const Expected& expected) {
  if (!expected.filtered) {
    if (attempt.kind == AttemptKind::proxy) {
      return attack_result(Verdict::skipped, "full network");
    }
  }
  const Address to = destination(attempt);
  const int fd = open_for(attempt, to.storage.ss_family);
  if (fd < 0) {
    return no_socket();
  }
  AttackResult result;
  switch (attempt.kind) {
  case AttemptKind::udp:
  case AttemptKind::udplite:
  case AttemptKind::ping:
  case AttemptKind::ping6:
  case AttemptKind::broadcast: result = send_datagram(attempt, fd, to); break;
  case AttemptKind::fast_open: result = open_fast(attempt, fd, to); break;
  default: result = connect_stream(attempt, fd, to); break;
  }
  close(fd);
  return result;
}

template <std::size_t index>
AttackResult try_number(const Expected& expected) {
  return make_attempt(k_attempts[index], expected);
}

template <std::size_t... index>
constexpr auto attacks_of(std::index_sequence<index...>) {
  return std::array{Attack{k_attempts[index].name, k_attempts[index].tried,
                           k_attempts[index].kind == AttemptKind::proxy ? "proxy" : "ruleset", try_number<index>,
                           k_attempts[index].core}...};
}

constexpr auto k_attacks = attacks_of(std::make_index_sequence<k_attempts.size()>());

} // namespace

AttackFamily network_attacks() {
  return {"network", k_attacks};
}

} // namespace agentbox::attacks
