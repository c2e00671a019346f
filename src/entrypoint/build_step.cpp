// SPDX-License-Identifier: Apache-2.0
#include "entrypoint/build_step.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attacks/attack_io.hpp"
#include "entrypoint/entrypoint_message.hpp"
#include "entrypoint/gate.hpp"
#include "entrypoint/mount_check.hpp"
#include "entrypoint/privilege_check.hpp"
#include "protocol/protocol.hpp"

namespace agentbox::entrypoint {
namespace {

/// Waits for `child`, then kills and reaps all other processes, and returns the exit code of `child`. We are the first
/// process of their PID namespace, so the kernel also kills those that they start meanwhile.
int wait_for_all(pid_t child) {
  int code = k_failed;
  int status = 0;
  for (pid_t ended = 0; ended != child && (ended = waitpid(-1, &status, 0)) > 0;) {
    if (ended == child) {
      code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }
  }
  kill(-1, SIGKILL);
  while (waitpid(-1, &status, 0) > 0 || errno == EINTR) {
  }
  return code;
}

} // namespace

void run_build_step(const char* gate_file, char** program) {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    die(k_refused, {"refused: no_new_privs cannot be set: ", error_text(errno)});
  }
  const attacks::FileText status("/proc/self/status");
  if (const auto problem = build_problem(status.text())) {
    die(k_refused, {"refused: ", *problem, "; nothing from the base image was run"});
  }
  const attacks::FileText gate(gate_file);
  if (gate.text() != protocol::k_full) {
    require_firewall(gate.text());
  }
  if (getpid() != 1) {
    die(k_refused, {"refused: the step has no PID namespace of its own; nothing from the base image was run"});
  }
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); // the program, which has our uid, could write to our memory; exec resets it there
  const pid_t child = fork();
  if (child < 0) {
    die(k_failed, {"cannot start a process: ", error_text(errno)});
  }
  if (child == 0) {
    execv(program[0], program);
    die(k_not_found, {"cannot run ", program[0], ": ", error_text(errno)});
  }
  const int code = wait_for_all(child);
  const int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (const auto part = moved_part(root, protocol::k_entrypoint_program)) {
    die(k_refused, {"refused: the base image replaced ", *part, ", where agent-entrypoint belongs"});
  }
  _exit(code);
}

} // namespace agentbox::entrypoint
