// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace agentbox::entrypoint {

/// Sets RLIMIT_NPROC, soft and hard, to AGENTBOX_PIDS or the present hard limit, whichever is less. It holds where no
/// pids controller is delegated and travels to doors that cannot express it (pod YAML). Without the variable the limit
/// stays as it is. Ends the process (126) on a malformed value or when the limit cannot be set.
void limit_processes();

} // namespace agentbox::entrypoint
