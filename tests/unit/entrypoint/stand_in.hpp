// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <string>
#include <vector>

namespace agentbox::entrypoint_test {

inline constexpr const char* k_nonce = "00112233445566778899aabbccddeeff";

/// The environment of the entry point: a new user and network namespace, in which a stand-in for the firewall
/// answers. Each member is one thing that a test takes away.
struct Surroundings {
  unsigned uid = 1000;
  bool no_new_privileges = true;
  bool empty_bounding_set = true;
  bool ambient_capability = false;
  bool ruleset = true;               ///< 192.0.2.1 answers with a reset; otherwise there is no route to it
  bool blocked_address_open = false; ///< 192.0.2.1:9 accepts connections
  bool resolver = true;              ///< something answers at 127.0.0.1:53
  std::string resolver_nonce = k_nonce;
  int resolver_delay_ms = 0;  ///< before it starts to listen
  int resolver_answers = -1;  ///< after which it ends; -1: never
  int launchers_end = -1;     ///< of a leash: a descriptor that only the test may keep
  bool first_process = false; ///< it is process 1 of a PID namespace, with its own /proc
  std::vector<std::string> env = {"AGENTBOX_NETWORK=filtered", std::string("AGENTBOX_GATE=") + k_nonce,
                                  "PATH=/usr/bin:/bin"};
};

struct Outcome {
  int code = -1;
  std::string output; ///< stdout and stderr
  double seconds = 0;
};

/// Runs `agent-entrypoint ARGS…` in `surroundings` with `input` on stdin.
Outcome run(const Surroundings& surroundings, const std::vector<std::string>& args, const std::string& input = {});

/// Runs like run(), on a pseudo-terminal. `talk` gets its master side and the entry point's PID, and returns when it
/// has written everything; the output is what it did not read.
Outcome run_on_terminal(const Surroundings& surroundings, const std::vector<std::string>& args,
                        const std::function<void(int master, int pid)>& talk);

/// Reads from `fd` until `text` was seen or 5 s have passed; returns everything read.
std::string read_until(int fd, const std::string& text);

} // namespace agentbox::entrypoint_test
