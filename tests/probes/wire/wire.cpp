// SPDX-License-Identifier: Apache-2.0
#include "wire/wire.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <ctime>
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

#include "attacks/attack_io.hpp"
#include "wire/dns_bytes.hpp"

namespace agentbox::wire {
namespace {

constexpr int k_wait_ms = 2500;

void pause_ms(long milliseconds) {
  const timespec length{0, milliseconds * 1'000'000};
  nanosleep(&length, nullptr);
}

bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EAGAIN) {
      pollfd watched{fd, POLLOUT, 0};
      if (poll(&watched, 1, k_wait_ms) <= 0) {
        return false;
      }
      continue;
    }
    if (count < 0) {
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

void send_at_pace(int fd, std::string_view bytes, Pace pace) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (pace == Pace::whole) {
    send_all(fd, bytes);
    return;
  }
  const std::size_t step = pace == Pace::bytewise ? 1 : bytes.size() / 2 + 1;
  while (!bytes.empty() && send_all(fd, bytes.substr(0, step))) {
    bytes.remove_prefix(std::min(step, bytes.size()));
    pause_ms(pace == Pace::bytewise ? 1 : 30);
  }
}

/// Returns the bytes that arrive until the end, `enough` bytes or `wait_ms` of silence.
struct Reply {
  std::string bytes;
  bool ended = false;
};

Reply read_reply(int fd, int wait_ms) {
  Reply reply;
  std::array<char, 4096> buffer{};
  while (reply.bytes.size() < 16384) {
    const long count = attacks::read_within(fd, buffer.data(), buffer.size(), reply.bytes.empty() ? wait_ms : 150);
    if (count <= 0) {
      reply.ended = count == 0 || errno == ECONNRESET;
      break;
    }
    reply.bytes.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return reply;
}

AttackResult judge(const Reply& reply) {
  const std::string_view text = reply.bytes;
  if (text.empty()) {
    return reply.ended ? attacks::attack_result(Verdict::stopped, "connection closed")
                       : attacks::attack_result(Verdict::inconclusive, "no answer");
  }
  if (text[0] == '\x15') {
    return attacks::attack_result(Verdict::stopped, "TLS alert");
  }
  if (text.starts_with("HTTP/1.1 403")) {
    return attacks::attack_result(Verdict::stopped, "403");
  }
  return attacks::attack_result(Verdict::allowed, text.substr(0, 40));
}

/// Returns a connection to `host` by name, or -1 with the finding that says why not.
int connect_by_name(const char* host, std::uint16_t port, AttackResult& why) {
  const std::string address = resolve(host);
  if (address.empty()) {
    why = attacks::attack_result(Verdict::stopped, "no address");
    return -1;
  }
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int error = attacks::connect_result(fd, attacks::address_of(address.c_str(), port), k_wait_ms);
  if (error == 0) {
    return fd;
  }
  close(fd);
  const bool refused = error == ECONNREFUSED || error == ECONNRESET || error == EHOSTUNREACH;
  why = attacks::attack_result(refused ? Verdict::stopped : Verdict::inconclusive, attacks::errno_name(error));
  return -1;
}

} // namespace

std::string marker(std::string_view attack) {
  return "agentbox-attack:" + std::string(attack) + ".";
}

AttackResult send_to(const char* host, std::uint16_t port, const std::string& bytes, Pace pace) {
  AttackResult result;
  const int fd = connect_by_name(host, port, result);
  if (fd < 0) {
    return result;
  }
  send_at_pace(fd, bytes, pace);
  result = judge(read_reply(fd, k_wait_ms));
  close(fd);
  return result;
}

AttackResult send_to_greeter(const char* host, std::uint16_t port, const std::string& bytes, Pace pace) {
  AttackResult result;
  const int fd = connect_by_name(host, port, result);
  if (fd < 0) {
    return result;
  }
  if (read_reply(fd, k_wait_ms).bytes.empty()) {
    close(fd);
    return attacks::attack_result(Verdict::inconclusive, "no greeting");
  }
  send_at_pace(fd, bytes, pace);
  result = judge(read_reply(fd, k_wait_ms));
  close(fd);
  return result.verdict == Verdict::inconclusive ? attacks::attack_result(Verdict::allowed, "taken") : result;
}

AttackResult send_second(const char* host, std::uint16_t port, const std::string& first, const std::string& second) {
  AttackResult result;
  const int fd = connect_by_name(host, port, result);
  if (fd < 0) {
    return result;
  }
  send_all(fd, first);
  if (read_reply(fd, k_wait_ms).bytes.empty()) {
    close(fd);
    return attacks::attack_result(Verdict::inconclusive, "the first request was not answered");
  }
  if (!send_all(fd, second)) {
    close(fd);
    return attacks::attack_result(Verdict::stopped, "connection closed");
  }
  result = judge(read_reply(fd, k_wait_ms));
  close(fd);
  return result;
}

std::string resolve(std::string_view name) {
  const attacks::FileText file("/etc/resolv.conf");
  std::string_view rest = file.text();
  std::string server = "127.0.0.1";
  while (!rest.empty()) {
    std::string_view line = attacks::next_line(rest);
    if (attacks::next_word(line) == "nameserver") {
      server = attacks::next_word(line);
      break;
    }
  }
  const std::string query = dns_query(name, 1);
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  std::array<char, 1500> reply{};
  long count = -1;
  if (attacks::connect_result(fd, attacks::address_of(server.c_str(), 53), k_wait_ms) == 0 && send_all(fd, query)) {
    count = attacks::read_within(fd, reply.data(), reply.size(), k_wait_ms);
  }
  close(fd);
  // The last four bytes of an answer that ends in an A record; the test internet sends no more.
  if (count < static_cast<long>(query.size()) + 16 || reply[7] == 0) {
    return {};
  }
  std::array<char, INET_ADDRSTRLEN> text{};
  inet_ntop(AF_INET, reply.data() + count - 4, text.data(), text.size());
  return text.data();
}

} // namespace agentbox::wire
