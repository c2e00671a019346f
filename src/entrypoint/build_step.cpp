// SPDX-License-Identifier: Apache-2.0
#include "entrypoint/build_step.hpp"

#include <cerrno>
#include <sys/prctl.h>
#include <unistd.h>

#include "attacks/attack_io.hpp"
#include "entrypoint/entrypoint_message.hpp"
#include "entrypoint/gate.hpp"
#include "entrypoint/privilege_check.hpp"
#include "protocol/protocol.hpp"

namespace agentbox::entrypoint {

void run_build_step(char** program) {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    die(k_refused, {"refused: no_new_privs cannot be set: ", error_text(errno)});
  }
  const attacks::FileText status("/proc/self/status");
  if (const auto problem = build_problem(status.text())) {
    die(k_refused, {"refused: ", *problem, "; nothing of the base image was run"});
  }
  const attacks::FileText gate(protocol::k_build_gate);
  if (gate.text() != protocol::k_full) {
    require_firewall(gate.text());
  }
  execv(program[0], program);
  die(k_not_found, {"cannot run ", program[0], ": ", error_text(errno)});
}

} // namespace agentbox::entrypoint
