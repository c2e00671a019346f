// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace agentbox::entrypoint {

/// Returns the descriptor of the leash, or -1 when AGENTBOX_LEASH is not set: a box from a generated file has no
/// launcher. Dies when the variable promises a leash that is not there.
int find_leash();

/// Returns whether the launcher, which has the other end of `leash`, has ended. Always false for -1.
bool launcher_has_ended(int leash);

/// Exits without a message, because the launcher cannot show it, when launcher_has_ended().
void require_launcher(int leash);

} // namespace agentbox::entrypoint
