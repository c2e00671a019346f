// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "attacks/attack.hpp"

namespace agentbox::attacks {

/// Runs the attempt in a separate process, which is killed with all its children after `timeout_ms`. Returns its
/// result: inconclusive if it does not report, stopped if the filter killed it (SIGSYS).
AttackResult attempt(const Attack& attack, const Expected& expected, int timeout_ms);

} // namespace agentbox::attacks
