// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

namespace agentbox::attacks {

/// The mechanism that limits the number of the box's processes.
enum class ProcessLimit { cgroup, rlimit, none };

/// Returns what limits the box to `most` processes: the pids cgroup, or RLIMIT_NPROC if the kernel enforces it for us.
/// It does not for uid 0 and CAP_SYS_RESOURCE; a fork(2) under a limit of one process shows it.
ProcessLimit process_limit(std::uint64_t most);

} // namespace agentbox::attacks
