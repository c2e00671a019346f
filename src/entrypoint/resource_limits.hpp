// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace agentbox::entrypoint {

/// Sets soft and hard limits that not every format can express, each capped at the current hard limit: RLIMIT_NPROC
/// from AGENTBOX_PIDS (which also works without a delegated pids controller), RLIMIT_NOFILE from AGENTBOX_OPEN_FILES
/// (pod YAML has no field for it). Without its variable a limit is unchanged. Core files are always disabled: they
/// would be written to the project. Ends the process (126) for a malformed value, if a limit cannot be set, and if
/// neither the pids cgroup nor RLIMIT_NPROC limits the number of processes, which is tested.
void limit_resources();

} // namespace agentbox::entrypoint
