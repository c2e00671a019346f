// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace agentbox::entrypoint {

/// If the environment has AGENTBOX_VERIFY=1 ([verify] on_start), runs the core attacks of `agentbox verify`, and ends
/// the process (126) with a message about the first one that was not stopped. Otherwise does nothing.
void require_core_attacks_stopped();

} // namespace agentbox::entrypoint
