// SPDX-License-Identifier: Apache-2.0
// Listed names whose addresses are not what a listed name should have, listed hosts on other ports, and floods.
#include <array>
#include <cerrno>
#include <unistd.h>
#include <vector>

#include "attacks/attack_io.hpp"
#include "wire/wire.hpp"

namespace agentbox::wire {
namespace {

/// Names that are listed for port 22, where the bytes carry no name: the addresses that they resolve to must decide.
struct Leading {
  const char* attack;
  const char* host;
};
constexpr Leading k_rebind{"rebind-loopback", "rebind.example"};
constexpr Leading k_metadata{"rebind-metadata", "metadata.example"};
constexpr Leading k_lan{"rebind-local-network", "lan.example"};
constexpr Leading k_alias{"rebind-alias", "alias.example"};
constexpr Leading k_unspecified{"rebind-unspecified", "unspecified.example"};
constexpr Leading k_mapped{"rebind-mapped", "mapped.example"};

template <const Leading& one>
AttackResult reach(const Expected&) {
  return send_to(one.host, 22, marker(one.attack));
}

template <std::uint16_t port>
AttackResult other_port(const Expected&) {
  return send_to("allowed.example", port, marker("port-" + std::to_string(port)));
}

/// Uses a name with a public address in one lookup and the metadata service's in the next: a proxy that looks twice
/// dials the second. The sinks see where connections end.
AttackResult rebinding_in_turns(const Expected&) {
  int answered = 0;
  for (int i = 0; i < 4; ++i) {
    answered += send_to("turns.example", 22, "turns").verdict == Verdict::allowed ? 1 : 0;
  }
  return answered > 0 ? attacks::attack_result(Verdict::stopped, "the public address only")
                      : attacks::attack_result(Verdict::inconclusive, "no answer at all");
}

AttackResult control_other_protocol(const Expected&) {
  const AttackResult result = send_to("allowed.example", 22, marker("control-ssh"));
  return attacks::attack_result(result.verdict == Verdict::allowed ? Verdict::works : Verdict::broken,
                                result.text.data());
}

AttackResult half_open_flood(const Expected& expected) {
  const std::string address = resolve("allowed.example");
  std::vector<int> open;
  for (int i = 0; i < 800; ++i) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    attacks::connect_result(fd, attacks::address_of(address.c_str(), 443), 0);
    open.push_back(fd);
  }
  // A client that waits is still served when the flood ends, and the firewall is alive.
  for (const int fd : open) {
    close(fd);
  }
  static_cast<void>(expected);
  const AttackResult result =
      send_to("allowed.example", 80, "GET /flood HTTP/1.1\r\nHost: allowed.example\r\nConnection: close\r\n\r\n");
  const bool answered = std::string_view(result.text.data()).starts_with("HTTP/1.1 200");
  return attacks::attack_result(answered ? Verdict::works : Verdict::broken, result.text.data());
}

constexpr const char* k_defence = "address filter";
constexpr std::array k_attacks = {
    Attack{"rebind-loopback", "reach 127.0.0.1 by a listed name", k_defence, reach<k_rebind>},
    Attack{"rebind-metadata", "reach metadata by a listed name", k_defence, reach<k_metadata>},
    Attack{"rebind-local-network", "reach the local network by a listed name", k_defence, reach<k_lan>},
    Attack{"rebind-alias", "reach metadata by a CNAME of a listed name", k_defence, reach<k_alias>},
    Attack{"rebind-unspecified", "reach 0.0.0.0 by a listed name", k_defence, reach<k_unspecified>},
    Attack{"rebind-mapped", "reach ::ffff:169.254.169.254 by a listed name", k_defence, reach<k_mapped>},
    Attack{"rebind-turns", "reach metadata by a name that changes", k_defence, rebinding_in_turns},
    Attack{"control-ssh", "speak another protocol to a listed host and port", "allowed", control_other_protocol},
    Attack{"port-8080", "reach a listed host on another port", "proxy", other_port<8080>},
    Attack{"port-53", "reach a listed host's name server", "proxy", other_port<53>},
    Attack{"port-853", "reach a listed host with DNS over TLS", "proxy", other_port<853>},
    Attack{"port-25", "send mail through a listed host", "proxy", other_port<25>},
    Attack{"port-1", "reach a listed host on port 1", "proxy", other_port<1>},
    Attack{"port-65535", "reach a listed host on port 65535", "proxy", other_port<65535>},
    Attack{"control-after-half-open-flood", "open 800 connections and be served afterwards", "allowed",
           half_open_flood},
};

} // namespace

AttackFamily host_attacks() {
  return {"hosts", k_attacks};
}

} // namespace agentbox::wire
