// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace agentbox::entrypoint {

/// Sets the limits that not every format can express, each to the value asked for or the present hard limit, whichever
/// is less, soft and hard: RLIMIT_NPROC from AGENTBOX_PIDS (it also holds where no pids controller is delegated),
/// RLIMIT_NOFILE from AGENTBOX_OPEN_FILES (pod YAML has no field for it). Without its variable a limit stays as it is.
/// Core files are switched off always: they would lie in the project. Ends the process (126) on a malformed value,
/// when a limit cannot be set, and when neither the pids cgroup nor RLIMIT_NPROC holds the number of processes, which
/// is tried out.
void limit_resources();

} // namespace agentbox::entrypoint
