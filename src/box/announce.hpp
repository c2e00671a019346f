// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "oci/host_facts.hpp"
#include "policy/policy.hpp"
#include "support/terminal.hpp"

namespace agentbox::box {

/// What is said on stderr before a box starts: on a terminal one line about the box; whatever the streams are, a loud
/// line under --full-network, and one line for every host path besides the workspace that the box sees.
std::vector<std::string> announcement(const policy::PolicyFields& fields, const support::Terminal& terminal,
                                      const std::string& home);

/// What is said of the paths to which only Git's settings lead, and which the box may therefore only read; and of
/// exceptions that took nothing off but look like a path of the protect list. Pure.
std::vector<std::string> lead_notices(const oci::GitLeads& leads, const policy::Workspace& workspace);

} // namespace agentbox::box
