// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "logins/synchronizer.hpp"
#include "policy/policy.hpp"

namespace agentbox::box {

/// Returns whether a mount is one of agentbox's own directories, which it makes before a box starts: conversations, a
/// kept home or a login. Nothing in it belongs to a project, so nothing is guarded.
bool is_own(const policy::Mount& mount);

/// Returns a synchronizer for each login that is mounted. Makes the directories. Throws Error(failed).
std::vector<logins::Synchronizer> synchronizers_of(const policy::PolicyFields& fields);

} // namespace agentbox::box
