// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "attacks/attack.hpp"

namespace agentbox::attacks {

std::array<std::span<const Attack>, 8> all_attacks() {
  return {privilege_attacks(), kernel_attacks(), socket_attacks(), network_attacks(),
          name_attacks(),      rule_attacks(),   file_attacks(),   limit_attacks()};
}

bool is_core(const Attack& attack) {
  constexpr std::array<std::string_view, 32> k_names = {"uid-0",
                                                        "capabilities",
                                                        "no-new-privs",
                                                        "setuid-0",
                                                        "ambient-capability",
                                                        "seccomp-mode",
                                                        "unshare-user",
                                                        "clone-user",
                                                        "setns",
                                                        "mount",
                                                        "ptrace",
                                                        "bpf",
                                                        "io-uring",
                                                        "keyctl",
                                                        "socket-packet",
                                                        "socket-raw",
                                                        "socket-netfilter",
                                                        "socket-mark",
                                                        "tcp-evil-https",
                                                        "tcp-v6",
                                                        "udp-dns",
                                                        "udp-quic",
                                                        "metadata",
                                                        "local-network",
                                                        "host-gateway",
                                                        "name-unlisted",
                                                        "twin-resolver",
                                                        "add-route",
                                                        "squat-proxy",
                                                        "kernel-memory",
                                                        "processes",
                                                        "project-hooks"};
  return std::find(k_names.begin(), k_names.end(), attack.name) != k_names.end();
}

} // namespace agentbox::attacks
