// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "protocol/verdict.hpp"

namespace agentbox::verify {

/// Returns agentbox-probe's arguments.
std::vector<std::string> probe_arguments(const protocol::Expected& expected);

/// Returns the settings in the configuration of a box's agent container (agent.json of its session). Throws
/// support::Error(failed) when one is missing.
protocol::Expected expectations_of(std::string_view agent_config);

/// Returns the SELinux context of the agent's processes in the same configuration; empty when it has none.
std::string process_label_of(std::string_view agent_config);

} // namespace agentbox::verify
