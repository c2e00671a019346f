// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string>
#include <sys/types.h>
#include <vector>

#include "verify/card.hpp"

namespace agentbox::verify {

/// One process of a box, as the host's /proc shows it.
struct SeenProcess {
  pid_t pid = 0;
  std::string status; ///< /proc/PID/status
};

/// Returns the rows about `processes`, all processes of a box's agent container: uid, capabilities, no_new_privs,
/// seccomp. Pure.
std::vector<Row> judge_processes(const std::vector<SeenProcess>& processes);

/// Inspects a running box from the host, where nothing in the box can forge the answer: every process in the PID
/// namespace of `agent`, their namespaces compared with ours and the firewall's, and whether the box's agent-entrypoint
/// has the bytes of `entrypoint`. Throws support::Error(failed) when the box has ended.
std::vector<Row> look_from_outside(pid_t agent, pid_t firewall, const std::filesystem::path& entrypoint);

} // namespace agentbox::verify
