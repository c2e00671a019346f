// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "image/fetch.hpp"
#include "image/lock.hpp"

namespace agentbox::image {

/// An agent's pinned and newest version.
struct VersionChange {
  std::string agent;
  std::string pinned; ///< empty: not pinned
  std::string newest;
};

/// Asks `registry` for the newest version of every agent and the integrity of its packages. Downloads no package and
/// writes nothing. Throws Error(failed).
AgentsLock newest_lock(const std::string& registry, const Fetcher& fetcher);

/// Returns the versions of all agents of `newest`, sorted by name. Pure.
std::vector<VersionChange> compare(const AgentsLock& pinned, const AgentsLock& newest);

} // namespace agentbox::image
