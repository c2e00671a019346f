// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "image/fetch.hpp"
#include "image/lock.hpp"
#include "image/registry_signature.hpp"

namespace agentbox::image {

/// An agent's pinned and newest version.
struct VersionChange {
  std::string agent;
  std::string pinned; ///< empty: not pinned
  std::string newest;
};

/// The versions that a registry publishes now.
struct NewestVersions {
  AgentsLock lock;
  bool is_signed = true; ///< every package; else `trust` allowed others
};

/// Asks `registry` for the newest version of every agent, and the integrity and the signatures of its packages.
/// Downloads no package and writes nothing. Throws Error(failed), and Error(refused) for a package that no key of
/// `trust` signed.
NewestVersions newest_versions(const std::string& registry, const Fetcher& fetcher, const RegistryTrust& trust);

/// Returns the versions of all agents of `newest`, sorted by name. Pure.
std::vector<VersionChange> compare(const AgentsLock& pinned, const AgentsLock& newest);

} // namespace agentbox::image
