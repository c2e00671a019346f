// SPDX-License-Identifier: Apache-2.0
// Queries to the box's resolver: none may leave the box, and only listed names have an address.
#include <algorithm>
#include <array>
#include <cstddef>
#include <unistd.h>
#include <utility>

#include "attacks/attack.hpp"
#include "attacks/attack_io.hpp"
#include "protocol/protocol.hpp"

namespace agentbox::attacks {
namespace {

constexpr std::uint16_t k_a = 1;
constexpr std::uint16_t k_null = 10;
constexpr std::uint16_t k_txt = 16;
constexpr std::uint16_t k_aaaa = 28;
constexpr std::uint16_t k_https = 65;
constexpr std::uint16_t k_axfr = 252;
constexpr std::uint16_t k_any = 255;
constexpr std::uint16_t k_in = 1;
constexpr std::uint16_t k_chaos = 3;
constexpr int k_wait_ms = 1500;

struct Question {
  const char* name; ///< of the attack
  const char* tried;
  const char* host;
  std::uint16_t type = k_a;
  std::uint16_t klass = k_in;
  bool tcp = false;
  bool core = false;
};

// Each host contains the name of its attack, below .example.net (RFC 2606), so that a name server can tell them apart.
constexpr std::array k_questions = {
    Question{"name-unlisted", "ask for a name that is not listed", "name-unlisted.example.net", k_a, k_in, false,
             k_core},
    Question{"name-unlisted-v6", "ask for its IPv6 address", "name-unlisted-v6.example.net", k_aaaa},
    Question{"name-unlisted-tcp", "ask over TCP", "name-unlisted-tcp.example.net", k_a, k_in, true},
    Question{"name-upper-case", "ask in upper case", "NAME-UPPER-CASE.EXAMPLE.NET"},
    Question{"name-metadata", "ask for the cloud's metadata by name", "metadata.google.internal"},
    Question{"name-host", "ask for Podman's name of the host", "host.containers.internal"},
    Question{"name-tunnel-label", "send data out in a long label (iodine)",
             "0abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwx.name-tunnel-label.example.net"},
    Question{"name-tunnel-null", "receive data in NULL records (iodine)", "name-tunnel-null.example.net", k_null},
    Question{"name-tunnel-txt", "receive data in TXT records (dnscat)", "name-tunnel-txt.example.net", k_txt},
    Question{"name-tunnel-deep", "send data out in many labels",
             "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.z.0.1.2.3.4.5.6.7.8.9.name-tunnel-deep.example.net"},
    Question{"name-https-record", "ask for HTTPS records (keys for hidden names)", "name-https-record.example.net",
             k_https},
    Question{"name-any", "ask for everything (ANY)", "name-any.example.net", k_any},
    Question{"name-zone-transfer", "ask for a whole zone (AXFR)", "name-zone-transfer.example.net", k_axfr, k_in, true},
    Question{"name-chaos", "ask in another class (CHAOS)", "version.bind", k_txt, k_chaos},
};

using Message = std::array<std::uint8_t, 512>;

void put16(Message& message, std::size_t at, std::uint16_t value) {
  message[at] = static_cast<std::uint8_t>(value >> 8U);
  message[at + 1] = static_cast<std::uint8_t>(value & 0xFFU);
}

/// Writes the query to `start` and returns its end.
std::size_t write_query(Message& message, std::size_t start, const Question& question) {
  put16(message, start, 0x4142);
  put16(message, start + 2, 0x0100);
  put16(message, start + 4, 1);
  std::size_t at = start + 12;
  std::string_view rest = question.host;
  while (!rest.empty()) {
    const std::string_view label = rest.substr(0, rest.find('.'));
    rest.remove_prefix(std::min(label.size() + 1, rest.size()));
    message[at++] = static_cast<std::uint8_t>(label.size());
    at = static_cast<std::size_t>(std::copy(label.begin(), label.end(), message.begin() + static_cast<long>(at)) -
                                  message.begin());
  }
  message[at++] = 0;
  put16(message, at, question.type);
  put16(message, at + 2, question.klass);
  return at + 4;
}

struct Answer {
  bool came = false;
  bool hung_up = false;
  int code = 0;
  int records = 0;
};

Answer ask(const Question& question) {
  Message message{};
  const std::size_t start = question.tcp ? 2 : 0;
  const std::size_t end = write_query(message, start, question);
  put16(message, 0, question.tcp ? static_cast<std::uint16_t>(end - 2) : 0x4142);
  const int fd = socket(AF_INET, (question.tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
  Answer answer;
  if (fd < 0 ||
      connect_result(fd, address_of(protocol::k_resolver_address, protocol::k_resolver_port), k_wait_ms) != 0 ||
      send(fd, message.data(), end, MSG_NOSIGNAL) != static_cast<ssize_t>(end)) {
    close(fd);
    return answer;
  }
  Message reply{};
  const long count = read_within(fd, reply.data(), reply.size(), k_wait_ms);
  close(fd);
  answer.hung_up = count == 0;
  if (count >= static_cast<long>(start) + 12) {
    answer = {true, false, reply[start + 3] & 0x0F, reply[start + 6] * 256 + reply[start + 7]};
  }
  return answer;
}

AttackResult try_question(const Question& question, const Expected& expected) {
  if (!expected.filtered) {
    return attack_result(Verdict::skipped, "full network");
  }
  constexpr std::array k_codes = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"};
  const Answer answer = ask(question);
  if (answer.hung_up) {
    return attack_result(Verdict::stopped, "connection closed");
  }
  if (!answer.came) {
    return attack_result(Verdict::inconclusive, "no answer");
  }
  if (answer.records > 0) {
    return attack_result(Verdict::allowed, "it was answered");
  }
  const bool known = answer.code > 0 && answer.code < static_cast<int>(k_codes.size());
  // SERVFAIL would mean that another server was asked and did not answer.
  const bool ours = known && answer.code != 2;
  return attack_result(ours ? Verdict::stopped : Verdict::inconclusive,
                       known ? k_codes.at(static_cast<std::size_t>(answer.code)) : "NOERROR without an answer");
}

AttackResult resolver_is_ours(const Expected& expected) {
  if (!expected.filtered) {
    return attack_result(Verdict::skipped, "full network");
  }
  const Answer answer = ask({"", "", protocol::k_gate_name, k_txt});
  return answer.came && answer.code == 0 && answer.records == 1 ? attack_result(Verdict::works, "it names this box")
                                                                : attack_result(Verdict::broken, "no answer");
}

/// Checks that resolv.conf names no other name server.
AttackResult only_our_resolver(const Expected& expected) {
  if (!expected.filtered) {
    return attack_result(Verdict::skipped, "full network");
  }
  const FileText file("/etc/resolv.conf");
  std::string_view rest = file.text();
  bool ours = false;
  while (!rest.empty()) {
    std::string_view line = next_line(rest);
    if (next_word(line) == "nameserver") {
      if (next_word(line) != "127.0.0.1") {
        return attack_result(Verdict::allowed, "another name server is named");
      }
      ours = true;
    }
  }
  return ours ? attack_result(Verdict::stopped, "127.0.0.1 only")
              : attack_result(Verdict::inconclusive, "no resolv.conf");
}

template <std::size_t index>
AttackResult try_number(const Expected& expected) {
  return try_question(k_questions[index], expected);
}

template <std::size_t... index>
constexpr auto attacks_of(std::index_sequence<index...>) {
  return std::array{
      Attack{k_questions[index].name, k_questions[index].tried, "resolver", try_number<index>,
             k_questions[index].core}...,
      Attack{"name-servers", "find another name server", "mounts", only_our_resolver},
      Attack{"control-resolver", "ask the box's own resolver for the box", "allowed", resolver_is_ours, k_core}};
}

constexpr auto k_attacks = attacks_of(std::make_index_sequence<k_questions.size()>());

} // namespace

AttackFamily name_attacks() {
  return {"names", k_attacks};
}

} // namespace agentbox::attacks
