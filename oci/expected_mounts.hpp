// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "oci/host_facts.hpp"
#include "policy/policy.hpp"

namespace agentbox::oci {

/// Returns the variables that tell agent-entrypoint what must be mounted in the box, and what may be ("NAME=VALUE";
/// protocol::k_mounts_variable describes the format). `mounts` are the OCI mounts, in mount order. Throws
/// support::Error(usage) if they do not fit into an environment. Pure.
std::vector<std::string> mounts_variables(const nlohmann::json& mounts, const policy::Confinement& confinement,
                                          const HostFacts& facts);

} // namespace agentbox::oci
