// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "box/plan.hpp"
#include "policy/policy.hpp"

namespace agentbox::box {

/// The plan for people: every command as a shell would take it, every file with its content, in order, then the
/// firewall's ruleset and the policy. Values of environment variables that the user passed into the box are hidden.
std::string plan_text(const Plan& plan, const policy::Policy& policy);

/// The plan for machines: {"name", "steps": [{"do", …}], "teardown": [...], "ruleset": {...}, "policy": {...}}. Values
/// hidden likewise.
std::string plan_json(const Plan& plan, const policy::Policy& policy);

} // namespace agentbox::box
