// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include "verify/card.hpp"

namespace agentbox::verify {

/// What the host's /proc says of one process of a box.
struct SeenProcess {
  pid_t pid = 0;
  std::string status; ///< /proc/PID/status
};

/// The rows about `processes`, all processes of a box's agent container: uid, capabilities, no_new_privs, seccomp.
/// Pure.
std::vector<Row> judge_processes(const std::vector<SeenProcess>& processes);

/// Looks at a running box from the host, where nothing in the box can forge the answer: every process in the process
/// namespace of `agent`, their namespaces against our own and the firewall's, and whether the box's agent-entrypoint
/// has the bytes of `entrypoint`. Throws support::Error(failed) when the box is gone.
std::vector<Row> look_from_outside(pid_t agent, pid_t firewall, const std::filesystem::path& entrypoint);

} // namespace agentbox::verify
