// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "logins/synchronizer.hpp"
#include "policy/policy.hpp"

namespace agentbox::box {

/// Returns whether a mount is a directory of agentbox itself, which it makes before a box starts: conversations, a
/// kept home or a login. Nothing in it is a project's, so nothing is guarded.
bool is_own(const policy::Mount& mount);

/// Returns a synchronizer for each login that is mounted. Makes the directories. Throws Error(failed).
std::vector<logins::Synchronizer> synchronizers_of(const policy::PolicyFields& fields);

} // namespace agentbox::box
