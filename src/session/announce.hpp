// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "policy/policy.hpp"
#include "session/terminal.hpp"

namespace agentbox::session {

/// What is said on stderr before a box starts: on a terminal one line about the box; whatever the streams are, a loud
/// line under --full-network, and one line for every host path besides the workspace that the box sees.
std::vector<std::string> announcement(const policy::PolicyFields& fields, const Terminal& terminal,
                                      const std::string& home);

} // namespace agentbox::session
