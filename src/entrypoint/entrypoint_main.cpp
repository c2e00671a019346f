// SPDX-License-Identifier: Apache-2.0
// The first process of every agent's container: refuses to start anything unless it is confined and the firewall is in
// force, then acts as a small init. Static, so that it runs in any distribution's image.
//
//   agent-entrypoint agent PROGRAM ARG...   PROGRAM when stdin and stdout are terminals, else a shell
//   agent-entrypoint exec PROGRAM ARG...    PROGRAM
//   agent-entrypoint join PROGRAM ARG...    PROGRAM with the environment of the box's first process (podman exec)
//   agent-entrypoint gate                   only the checks
//   agent-entrypoint build GATE PROGRAM ARG...   PROGRAM as root, while an image is built
//   agent-entrypoint probe ARG...           the program on stdin, with these arguments (agentbox verify)
//   agent-entrypoint relay PORT PROGRAM ARG...   PROGRAM, a sign-in that waits for a browser on PORT of loopback
//   agentbox-ask allow HOST [--why TEXT]    a request to the user; a link to this program
#include <array>
#include <cstdlib>
#include <string_view>
#include <unistd.h>

#include "entrypoint/agent_environment.hpp"
#include "entrypoint/agent_keys.hpp"
#include "entrypoint/ask_user.hpp"
#include "entrypoint/build_step.hpp"
#include "entrypoint/callback_relay.hpp"
#include "entrypoint/core_attacks.hpp"
#include "entrypoint/entrypoint_message.hpp"
#include "entrypoint/gate.hpp"
#include "entrypoint/init_process.hpp"
#include "entrypoint/leash_end.hpp"
#include "entrypoint/mount_check.hpp"
#include "entrypoint/privilege_check.hpp"
#include "entrypoint/resource_limits.hpp"
#include "entrypoint/stdin_program.hpp"
#include "protocol/protocol.hpp"

namespace {

using namespace std::string_view_literals;
namespace entrypoint = agentbox::entrypoint;

/// Closes every inherited descriptor above 2, so that none reaches the agent. The leash, if any, is closed at
/// exec.
void close_inherited(int leash = -1) {
  const int first = leash < 0 ? 3 : leash + 1;
  if (close_range(static_cast<unsigned>(first), ~0U, 0) != 0) {
    for (int fd = first; fd < 1024; ++fd) {
      close(fd);
    }
  }
}

char** shell() {
  static std::array<char, 10> bash{"/bin/bash"};
  static std::array<char, 8> sh{"/bin/sh"};
  static std::array<char*, 2> argv{};
  argv[0] = access(bash.data(), X_OK) == 0 ? bash.data() : sh.data();
  return argv.data();
}

[[noreturn]] void usage() {
  entrypoint::die(entrypoint::k_usage,
                  {"usage: agent-entrypoint agent|exec|join|build PROGRAM [ARG...], agent-entrypoint gate, "
                   "agent-entrypoint probe [ARG...], or agent-entrypoint relay PORT PROGRAM [ARG...]"});
}

} // namespace

int main(int argc, char** argv) {
  const std::string_view program_name = argc > 0 ? argv[0] : "";
  if (program_name.substr(program_name.rfind('/') + 1) == agentbox::protocol::k_ask_program) {
    return entrypoint::ask_user(argc, argv);
  }
  const std::string_view mode = argc > 1 ? argv[1] : "";
  if (mode == "probe"sv) {
    close_inherited();
    if (std::getenv(agentbox::protocol::k_pids_variable) == nullptr) { // podman exec does not pass the limits
      entrypoint::join_environment();
    }
    entrypoint::limit_resources();
    entrypoint::run_program_from_stdin(argv + 1);
  }
  if (mode == "build"sv && argc > 3) {
    close_inherited();
    entrypoint::run_build_step(argv[2], argv + 3);
  }
  if (mode == "relay"sv && argc > 3) { // run by "exec", so everything has been checked
    entrypoint::relay_callback(argv[2]);
    execvp(argv[3], argv + 3);
    entrypoint::die(entrypoint::k_not_found, {"cannot run ", argv[3]});
  }
  const bool only_checks = mode == "gate"sv;
  if (only_checks ? argc != 2 : argc < 3 || (mode != "agent"sv && mode != "exec"sv && mode != "join"sv)) {
    usage();
  }
  const int leash = only_checks || mode == "join"sv ? -1 : entrypoint::find_leash(); // podman exec passes none
  close_inherited(leash);
  entrypoint::require_launcher(leash);
  entrypoint::require_confinement();
  if (mode == "join"sv) {
    entrypoint::join_environment();
  } else {
    entrypoint::require_mounts();
  }
  entrypoint::require_gate();
  if (only_checks) {
    return 0;
  }
  entrypoint::limit_resources();
  if (mode != "join"sv) { // checked when the box started
    entrypoint::require_core_attacks_stopped();
  }
  const bool wants_terminal = mode == "agent"sv;
  const bool has_terminal = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1;
  char** const program = wants_terminal && !has_terminal ? shell() : argv + 2;
  entrypoint::use_known_terminal(entrypoint::k_terminfo_directories);
  entrypoint::link_logins();
  entrypoint::prepare_keys(program[0]);
  // A launcher watches the firewall itself. What joins a box ends with its first process.
  const bool watch_firewall = leash < 0 && mode != "join"sv && entrypoint::is_filtered();
  return entrypoint::run_as_init(program, leash, watch_firewall,
                                 mode == "join"sv ? entrypoint::Domain::joined : entrypoint::Domain::agent);
}
