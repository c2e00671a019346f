// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "box/plan.hpp"
#include "policy/policy.hpp"

namespace agentbox::box {

/// Returns the plan as text: each command as a shell would read it and each file with its content, in order, then
/// the firewall's ruleset and the policy. Values of environment variables that the user passes into the box are hidden.
std::string plan_text(const Plan& plan, const policy::Policy& policy);

/// Returns the plan as JSON: {"name", "steps": [{"do", …}], "teardown": [...], "ruleset": {...}, "policy": {...}}. The
/// same values are hidden.
std::string plan_json(const Plan& plan, const policy::Policy& policy);

} // namespace agentbox::box
