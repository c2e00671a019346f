// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "box/plan.hpp"
#include "policy/policy.hpp"

namespace agentbox::box {

/// `podman pod create …` without the program: the pod whose infra container is the firewall.
std::vector<std::string> pod_create_arguments(const policy::PolicyFields& fields, const Host& host);

/// `podman --hooks-dir … run …` without the program: the agent's container. The hook imposes the whole configuration;
/// the flags say the same, so that `podman inspect` tells the truth. No environment and no credential is among them.
std::vector<std::string> agent_run_arguments(const policy::PolicyFields& fields, const Host& host);

/// `podman exec …` without the program: `command` in the running box `name`, through agent-entrypoint.
std::vector<std::string> exec_arguments(const std::string& name, const std::vector<std::string>& command,
                                        bool terminal);

} // namespace agentbox::box
