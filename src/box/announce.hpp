// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <ctime>
#include <optional>
#include <string>
#include <vector>

#include "oci/host_facts.hpp"
#include "policy/policy.hpp"
#include "support/terminal.hpp"

namespace agentbox::box {

/// Returns the messages before a box starts: a line about the box if stderr and the agent are on a terminal, a line for
/// each host path, besides the workspace, that the box sees, and a warning under --full-network.
std::vector<std::string> announcement(const policy::PolicyFields& fields, const support::Terminal& terminal,
                                      const std::string& home);

/// Returns how to resume the conversations that were written since `start`: at most three, newest first.
std::optional<std::string> resume_line(const policy::PolicyFields& fields, std::time_t start);

/// Returns the messages about paths that are read-only because the Git configuration refers to them, and about entries
/// of `[protect] except` that match nothing but look like a protected path. Pure.
std::vector<std::string> protection_notices(const oci::GitReferences& references, const policy::Workspace& workspace);

} // namespace agentbox::box
