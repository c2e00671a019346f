// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <string>
#include <vector>

#include "agents/agent_data.hpp"
#include "image/lock.hpp"

namespace agentbox::image {

/// Returns the contents of an image with agents `chosen` (policy::ImageChoice::agents): those agents and the programs
/// that run them; if `chosen` is empty, the agents of the default image. An agent with a package in `chosen` has the
/// program that `lock` pins, runs in Node, and has no platforms in its NpmSource. Sorted by name.
std::vector<agents::AgentData> agents_of(const std::map<std::string, std::string>& chosen, const AgentsLock& lock);

/// Returns whether `lock` pins agent `name` with `package` ("NAME@VERSION", "NAME@latest"; empty: any). Pure.
bool is_pinned(const AgentsLock& lock, const std::string& name, const std::string& package);

} // namespace agentbox::image
