// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "attacks/attack.hpp"

namespace agentbox::attacks {

/// Makes the attempt in a process of its own, which is killed with all it started after `timeout_ms`. An attempt that
/// does not report is unclear; one that a signal of the filter (SIGSYS) ended is stopped.
AttackResult attempt(const Attack& attack, const Expected& expected, int timeout_ms);

} // namespace agentbox::attacks
