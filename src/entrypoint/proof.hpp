// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace agentbox::entrypoint {

/// With AGENTBOX_VERIFY=1 in the environment ([verify] on_start): attacks the box as `agentbox verify` does, by the
/// corner stones of its table, and ends the process (126) naming the first attack that was not stopped. Otherwise
/// nothing.
void require_proof();

} // namespace agentbox::entrypoint
