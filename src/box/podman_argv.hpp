// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "box/plan.hpp"
#include "policy/policy.hpp"

namespace agentbox::box {

/// Returns the arguments of `podman pod create`, for the pod whose infra container is the firewall.
std::vector<std::string> pod_create_arguments(const policy::PolicyFields& fields, const Host& host);

/// Returns the arguments of `podman --hooks-dir … run`, for the agent's container. The hook imposes the configuration;
/// the flags repeat it so that `podman inspect` is right. They contain no environment variable and no credential.
std::vector<std::string> agent_run_arguments(const policy::PolicyFields& fields, const Host& host);

/// Returns the arguments of `podman exec` that run `command` in box `name`, through agent-entrypoint.
std::vector<std::string> exec_arguments(const std::string& name, const std::vector<std::string>& command,
                                        bool terminal);

} // namespace agentbox::box
