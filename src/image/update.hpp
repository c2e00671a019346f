// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "image/fetch.hpp"
#include "image/lock.hpp"

namespace agentbox::image {

/// One agent's way from the pinned to the newest version.
struct VersionChange {
  std::string agent;
  std::string pinned; ///< empty: not pinned so far
  std::string newest;
};

/// Asks `registry` for the newest version of every agent and the integrity of each of its packages. Nothing is
/// downloaded or written. Throws Error(failed) when the registry cannot be asked.
AgentsLock newest_lock(const std::string& registry, const Fetcher& fetcher);

/// What `newest` changes about `pinned`: all agents, in the order of their names. Pure.
std::vector<VersionChange> compare(const AgentsLock& pinned, const AgentsLock& newest);

/// Writes `lock` to state_folder()/agents.lock.json, which from then on takes the place of the shipped one.
void write_lock(const AgentsLock& lock);

} // namespace agentbox::image
